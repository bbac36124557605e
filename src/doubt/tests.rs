use super::*;
use crate::extract::{Asked, extract};
use crate::html::{links, parse};

const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/site_semantics.json"));

fn doubt_at(url: &str, html: &str) -> Option<Doubt> {
    let url = Url::parse(url).unwrap();
    let tree = parse(html).unwrap();
    let article = extract(&tree, &links(&tree, &url), &Asked::default());
    page(&Seen { tree: &tree, article: &article, url: &url, is_start: false }, None)
}

fn check_at(url: &str, html: &str, expected: Option<DoubtKind>) {
    let found = doubt_at(url, html);
    assert_eq!(found.as_ref().map(|doubt| doubt.kind), expected, "{found:?} at {url}: {html}");
}

fn check(html: &str, expected: Option<DoubtKind>) {
    check_at("https://a.test/guide/kettles", html, expected);
}

/// A page with a title and a main part.
fn plain(title: &str, main: &str) -> String {
    format!(
        "<!doctype html><title>{title}</title><body><header><nav><a href=/>Home</a> <a href=/p>Products</a></nav></header>\
         <main>{main}</main><footer><a href=/imprint>Imprint</a></footer>"
    )
}

fn prose(sentence: &str) -> String {
    format!("<p>{}</p>", sentence.repeat(30))
}

#[test]
fn every_published_case_that_shows_on_a_page_has_its_kind() {
    let cases: serde_json::Value = serde_json::from_str(CASES).unwrap();
    let page_of = |id: &str| -> Option<(String, DoubtKind)> {
        Some(match id {
            "soft404-page" | "soft404-all" => (
                plain("Page not found - Acme", "<h1>Page not found</h1><p>The page you requested could not be found.</p>"),
                DoubtKind::Soft404,
            ),
            "maintenance-200" => (
                plain("Acme", "<h1>We'll be back soon!</h1><p>Our site is down for maintenance. Please check back later.</p>"),
                DoubtKind::Maintenance,
            ),
            "login-wall-inline" => (
                plain("Acme", "<h1>Sign in</h1><form><label>E-mail</label><input name=email><input type=password><button>Sign in</button></form>"),
                DoubtKind::LoginWall,
            ),
            "cookie-wall" => (
                "<title>Acme</title><body><div><h1>We value your privacy</h1><p>We and our partners use cookies to store and access \
                 information on a device.</p><button>Accept all</button><button>Manage options</button></div>".to_owned(),
                DoubtKind::ConsentWall,
            ),
            "bot-wall" => (
                "<title>Just a moment...</title><body><noscript>Enable JavaScript and cookies to continue</noscript>\
                 <script>window._cf_chl_opt={}</script>".to_owned(),
                DoubtKind::Challenge,
            ),
            "spa-shell" => (
                "<title>Acme</title><body><noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div>\
                 <script src=/main.js></script>".to_owned(),
                DoubtKind::Shell,
            ),
            "domain-parked" => (
                "<title>acme.test</title><body><h1>acme.test</h1><p>This domain is for sale</p>\
                 <script src=https://img.sedoparking.com/js/x.js></script>".to_owned(),
                DoubtKind::Parked,
            ),
            _ => return None,
        })
    };
    let ids = cases["cases"].as_array().unwrap().iter().filter_map(|case| case["id"].as_str());
    let pages: Vec<_> = ids.filter_map(page_of).collect();
    assert_eq!(pages.len(), 8);
    for (html, kind) in pages {
        check(&html, Some(kind));
    }
}

#[test]
fn a_not_found_page_is_told_in_several_languages() {
    for (title, text) in [
        ("404", "Sorry, the page you are looking for does not exist."),
        ("Oops! That page can’t be found.", "It looks like nothing was found at this location."),
        ("404 Not Found", ""),
        ("Error 404: Page not found", "Go back to the home page."),
        ("Seite nicht gefunden", "Die gewünschte Seite existiert nicht."),
        ("Page introuvable", "La page demandée n’existe pas."),
        ("Página no encontrada", "La página que buscas no existe."),
        ("Pagina non trovata", "La pagina richiesta non esiste."),
        ("Página não encontrada", "A página que procura não existe."),
        ("Pagina niet gevonden", "De pagina die u zoekt bestaat niet."),
    ] {
        check(
            &plain(&format!("{title} | Acme"), &format!("<h1>{title}</h1><p>{text}</p>")),
            Some(DoubtKind::Soft404),
        );
    }
    check(
        &plain("Acme", "<p>The page you are looking for may have been moved.</p>"),
        Some(DoubtKind::Soft404),
    );
    check_at(
        "https://a.test/404.html",
        &plain("404", "<h1>404</h1><p>Page not found.</p>"),
        Some(DoubtKind::Soft404),
    );
}

#[test]
fn a_notice_of_maintenance_is_told_in_several_languages() {
    for (title, text) in [
        (
            "Site under maintenance",
            "We are performing scheduled maintenance and will be back online shortly.",
        ),
        ("Maintenance mode", "Briefly unavailable for scheduled maintenance. Check back in a minute."),
        ("Wartungsarbeiten", "Wir führen Wartungsarbeiten durch und sind in Kürze wieder für Sie da."),
        ("Site en maintenance", "Notre site est en maintenance. Nous serons de retour bientôt."),
        ("Sitio en mantenimiento", "Estamos en mantenimiento, volveremos pronto."),
        ("Sito in manutenzione", "Il sito è in manutenzione, torneremo presto."),
        ("Em manutenção", "O site está em manutenção. Voltaremos em breve."),
        ("Onderhoud", "Wegens onderhoud is de site tijdelijk niet bereikbaar."),
    ] {
        check(&plain(title, &format!("<h1>{title}</h1><p>{text}</p>")), Some(DoubtKind::Maintenance));
    }
}

#[test]
fn a_program_s_error_in_place_of_a_page_is_no_page() {
    for error in [
        "<br><b>Fatal error</b>: Uncaught Error: Call to undefined function acme() in /var/www/index.php:12",
        "<b>Parse error</b>: syntax error, unexpected end of file in <b>/var/www/a.php</b> on line <b>9</b>",
    ] {
        check(error, Some(DoubtKind::Maintenance));
    }
    let explained =
        "<h1>Fatal error</h1><p>“Fatal error: Uncaught Error” means that a plugin is too old.</p>";
    check(&plain("Fatal error", explained), None);
}

#[test]
fn a_login_stands_where_the_text_should() {
    let form = "<form action=/session><label>Name<input name=u></label><label>Password<input type=password></label><button>Go</button></form>";
    check(&plain("Kettles", form), Some(DoubtKind::LoginWall));
    check(
        &plain(
            "Kettles",
            &format!("<h1>Kettles</h1><p>You must be logged in to read this article.</p>{form}"),
        ),
        Some(DoubtKind::LoginWall),
    );
    check(
        &plain(
            "Log in",
            "<h1>Log in</h1><form><input type=email name=email><button>Continue</button></form>",
        ),
        Some(DoubtKind::LoginWall),
    );
    for (title, text) in [
        ("Anmelden", "Bitte melden Sie sich an, um diese Seite zu sehen."),
        ("Connexion", "Vous devez vous connecter pour lire cette page."),
        ("Iniciar sesión", "Debes iniciar sesión para ver esta página."),
        ("Accedi", "Devi effettuare l’accesso per vedere questa pagina."),
        ("Iniciar sessão", "Precisa de iniciar sessão para ver esta página."),
        ("Inloggen", "U moet inloggen om deze pagina te zien."),
    ] {
        check(&plain(title, &format!("<h1>{title}</h1><p>{text}</p>")), Some(DoubtKind::LoginWall));
    }
}

#[test]
fn a_challenge_is_told_by_its_markers_or_by_what_it_says() {
    check(
        "<title>Access denied</title><body><h1>Access Denied</h1><p>You don't have permission to access this page. Reference ID 1.2</p>",
        Some(DoubtKind::Challenge),
    );
    check(
        "<title>Acme</title><body><script>go()</script><noscript><meta http-equiv=refresh content='0;url=/nojs'></noscript>",
        Some(DoubtKind::Challenge),
    );
    check(
        "<title>x</title><body><h1>Checking your browser before accessing a.test</h1><p>This process is automatic.</p>",
        Some(DoubtKind::Challenge),
    );
    check(
        "<title>Are you a robot?</title><body><p>Please verify you are human.</p><div class=g-recaptcha></div>",
        Some(DoubtKind::Challenge),
    );
    check(
        "<title>Verification</title><body><h1>Are you a robot?</h1><p>Please complete the captcha.</p><div class=g-recaptcha></div>",
        Some(DoubtKind::Challenge),
    );
    check(
        "<title>Which captcha?</title><body><h1>Which captcha do you use?</h1><p>None: nobody is asked to solve a captcha.</p>",
        None,
    );
    check(
        "<title>Einen Moment</title><body><h1>Einen Moment</h1><p>Bitte bestätigen Sie, dass Sie kein Roboter sind.</p>",
        Some(DoubtKind::Challenge),
    );
    check(
        "<title>a.test</title><body><form id=challenge-form></form><p>One more step</p>",
        Some(DoubtKind::Challenge),
    );
}

#[test]
fn a_question_for_consent_alone_is_a_wall() {
    for (text, button) in [
        (
            "Wir verwenden Cookies und ähnliche Techniken. Ihre Einwilligung können Sie widerrufen.",
            "Alle akzeptieren",
        ),
        ("Nous utilisons des cookies avec nos partenaires.", "Tout accepter"),
        ("Utilizamos cookies con nuestros socios.", "Aceptar todo"),
        ("Utilizziamo i cookie con i nostri partner.", "Accetta tutto"),
        ("Este site utiliza cookies. O seu consentimento é opcional.", "Aceitar tudo"),
        ("Wij gebruiken cookies, ook van onze partners.", "Alles accepteren"),
    ] {
        check(
            &format!("<title>Acme</title><body><div><p>{text}</p><button>{button}</button></div>"),
            Some(DoubtKind::ConsentWall),
        );
    }
}

#[test]
fn a_wall_that_lies_over_an_empty_page_is_read_too() {
    let consent = "<div role=dialog class=overlay><h2>We value your privacy</h2><p>We use cookies.</p><button>Accept all</button></div>";
    check(&format!("<title>Acme</title><body>{consent}<div id=page></div>"), Some(DoubtKind::ConsentWall));
    check(&plain("Acme", &format!("{consent}<h1>Do you ship?</h1><p>Yes, to Norway.</p>")), None);
    let login =
        "<div class=login-modal><form><input name=user><input type=password><button>Go</button></form></div>";
    check(&format!("<title>Acme</title><body>{login}"), Some(DoubtKind::LoginWall));
    check(&plain("Acme", &format!("{login}<p>Yes.</p>")), None);
}

#[test]
fn a_shell_has_no_text_but_scripts() {
    for root in [
        "<div id=app><div class=spinner>Loading…</div></div>",
        "<div id=__next></div>",
        "<app-root>Please wait</app-root>",
    ] {
        check(
            &format!("<title>Acme</title><body>{root}<script>{}</script>", "x();".repeat(200)),
            Some(DoubtKind::Shell),
        );
    }
    check(
        "<title>Acme</title><body><header>Acme</header><div id=root></div><script type=module src=/a.js></script>",
        Some(DoubtKind::Shell),
    );
    let faq = "<h1>Do you ship to Norway?</h1><p>Yes.</p>";
    check(
        &plain("Do you ship to Norway?", &format!("{faq}<script>{}</script>", "track();".repeat(500))),
        None,
    );
    check(&format!("<title>FAQ</title><body><div id=app>{faq}</div><script src=/a.js></script>"), None);
    check(&format!("<title>FAQ</title><body><div id=app></div>{faq}<script src=/a.js></script>"), None);
}

#[test]
fn a_domain_without_a_site_is_parked() {
    check(
        "<title>Welcome to nginx!</title><body><h1>Welcome to nginx!</h1><p>The web server is successfully installed and working.</p>",
        Some(DoubtKind::Parked),
    );
    check("<title>a.test</title><body><p>Diese Domain steht zum Verkauf.</p>", Some(DoubtKind::Parked));
    // Its name as a heading is no text of its own.
    for text in
        ["Diese Domain steht zum Verkauf.", "Ce nom de domaine est à vendre.", "This domain is for sale!"]
    {
        let html =
            format!("<title>a.test</title><body><h1>a.test</h1><p>{text}</p><a href=/buy>Make an offer</a>");
        check(&html, Some(DoubtKind::Parked));
    }
    check(
        "<title>a.test</title><body><h1>Selling a.test</h1><p>How to say that a domain is for sale.</p>",
        None,
    );
    check(
        "<title>Account suspended</title><body><h1>Account Suspended</h1><p>This account has been suspended. Contact your hosting provider.</p>",
        Some(DoubtKind::Parked),
    );
}

#[test]
fn a_page_about_such_pages_is_an_ordinary_page() {
    let long = prose(
        "A page not found gives 404; please log in to continue, we use cookies and are down for maintenance. ",
    );
    let long_pages = [
        plain("HTTP 404 explained", &format!("<h1>HTTP 404 explained</h1>{long}")),
        plain("404 Not Found", &format!("<h1>404 Not Found</h1>{long}")),
        plain("Cookie policy", &format!("<h1>Cookie policy</h1>{long}<button>Accept all</button>")),
        plain("Login", &format!("<h1>Login</h1>{long}")),
        plain("Kettles", &format!("<h1>Kettles</h1>{long}"))
            .replace("<nav>", "<form><input type=password></form><nav>"),
        plain("Captchas", &format!("<h1>Captchas</h1>{long}<div class=g-recaptcha></div>")),
    ];
    for html in long_pages {
        check(&html, None);
    }
}

#[test]
fn a_short_page_about_such_pages_is_an_ordinary_page() {
    for (title, text) in [
        (
            "Why do I see “page not found”?",
            "The page you are looking for may have been moved. Check the address.",
        ),
        ("How to customise the page not found page", "Edit 404.html: the page you requested is named there."),
        (
            "Scheduled maintenance windows",
            "We announce scheduled maintenance a week ahead on the status page.",
        ),
        ("What does “down for maintenance” mean?", "The site is under maintenance and we will be back soon."),
        ("How do I log in?", "Open the app, choose Sign in, and enter your e-mail address and password."),
        ("I forgot my password", "Choose “Forgot password” on the sign-in page; we send you a link."),
        (
            "Cookies we set",
            "We use cookies to remember your language. You can accept all or reject all of them.",
        ),
        ("Which captcha do you use?", "None. We never ask you to verify you are human."),
        ("Can I buy this domain?", "Search for it; if the domain is for sale we show the price."),
        ("Do I need JavaScript?", "Yes, enable JavaScript in your browser."),
        ("Loading dock", "Open from 8 to 4."),
    ] {
        check(&plain(title, &format!("<h1>{title}</h1><p>{text}</p>")), None);
    }
    check_at(
        "https://a.test/api/errors/404",
        &plain("404 Not Found", "<h1>404 Not Found</h1><p>The requested page does not exist.</p>"),
        None,
    );
    check_at(
        "https://a.test/status/2026-11-20",
        &plain(
            "Scheduled maintenance",
            "<h1>Scheduled maintenance</h1><p>The API will be undergoing scheduled maintenance on Friday.</p>",
        ),
        None,
    );
    let banner =
        "<div class=banner><p>We use cookies, also of our partners.</p><button>Accept all</button></div>";
    check(
        &plain(
            "Do you ship?",
            &format!("{banner}<h1>Do you ship to Norway?</h1><p>Yes, within three days.</p>"),
        ),
        None,
    );
    let login = "<div class=dropdown-menu><form><input type=password></form></div>";
    check(&plain("Do you ship?", &format!("{login}<h1>Do you ship to Norway?</h1><p>Yes.</p>")), None);
    check(
        &plain(
            "Contact",
            "<h1>Contact</h1><p>Write to us.</p><form><input name=email><textarea></textarea><div class=g-recaptcha></div></form>",
        ),
        None,
    );
}

#[test]
fn a_start_page_is_never_a_soft_404_for_the_host_s_sake() {
    let url = Url::parse("https://a.test/").unwrap();
    let tree = parse(
        "<title>Acme</title><main><h1>Acme</h1><p>We sell kettles, pots and cups of all sizes.</p></main>",
    )
    .unwrap();
    let article = extract(&tree, &links(&tree, &url), &Asked::default());
    let probe = Probe::of(&article, &Url::parse("https://a.test/corpusd-0f9").unwrap());
    let seen = |is_start| Seen { tree: &tree, article: &article, url: &url, is_start };
    assert_eq!(page(&seen(true), Some(&probe)), None);
    assert_eq!(page(&seen(false), Some(&probe)).map(|doubt| doubt.kind), Some(DoubtKind::Soft404));
}

proptest::proptest! {
    #[test]
    fn any_page_is_judged(html in "(<(div|p|h1|form|input type=password|script|noscript|title|div id=app)>|</(div|p|form|script|noscript|title)>|404|not found|\\PC){0,40}") {
        let _judged = doubt_at("https://a.test/x", &html);
    }
}
