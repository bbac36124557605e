//! What stands between a visitor and the text: logins, questions for consent, challenges.

use super::Wording;

/// A login in place of the text.
#[rustfmt::skip]
pub(in crate::doubt) const LOGIN: Wording = Wording {
    headlines: &[
        // en
        "log in", "login", "sign in", "signin", "sign on", "members only", "member login", "customer login",
        "login required", "log in required", "sign in required", "authentication required", "restricted area",
        "account login", "password protected", "protected page", "protected content", "welcome back",
        "log in account", "sign in account", "single sign on", "log in or sign up", "sign in or register",
        // de
        "anmelden", "anmeldung", "einloggen", "anmeldung erforderlich", "mitgliederbereich", "kundenlogin",
        "geschutzter bereich", "bitte anmelden", "willkommen zuruck",
        // fr
        "connexion", "se connecter", "connectez vous", "identification", "identifiez vous", "authentification",
        "espace membre", "espace client", "acces reserve",
        // es
        "iniciar sesion", "inicia sesion", "inicie sesion", "acceder", "acceso", "entrar",
        "acceso restringido", "identificate",
        // it
        "accedi", "accesso", "effettua laccesso", "area riservata", "autenticazione",
        // pt
        "iniciar sessao", "fazer login", "faca login", "area restrita", "acesso restrito", "area do cliente",
        // nl
        "inloggen", "aanmelden", "log in op account", "besloten gedeelte", "alleen voor leden",
        // sv, da, no, pl
        "logga in", "log ind", "logg inn", "zaloguj sie", "logowanie",
    ],
    sentences: &[
        // en
        "must be logged in", "must log in", "must be signed in", "must sign in", "need to log in",
        "need to login", "need to be logged in", "need to sign in", "please log in", "please login",
        "please sign in", "log in to continue", "login to continue", "sign in to continue", "log in to view",
        "login to view", "sign in to view", "log in to access", "sign in to access", "login to access",
        "log in to read", "sign in to read", "sign in with your", "log in with your",
        "sign in to your account", "log in to your account", "this content is password protected",
        "enter your password below", "for members only", "only available to members",
        "only available to registered", "requires authentication", "subscribe to continue reading",
        "subscribe to keep reading", "already a subscriber", "forgot your password", "forgot password",
        // de
        "bitte melden sie sich an", "bitte melde dich an", "bitte loggen sie sich ein", "bitte anmelden",
        "mussen sich anmelden", "mussen angemeldet sein", "musst angemeldet sein", "mussen eingeloggt sein",
        "melden sie sich an um", "melde dich an um", "nur fur mitglieder", "nur fur registrierte",
        "passwort vergessen",
        // fr
        "vous devez etre connecte", "vous devez vous connecter", "veuillez vous connecter",
        "veuillez vous identifier", "connectez vous pour", "reserve aux membres", "reserve aux abonnes",
        "mot de passe oublie",
        // es
        "debe iniciar sesion", "debes iniciar sesion", "inicia sesion para", "inicie sesion para",
        "por favor inicie sesion", "solo para miembros", "has olvidado tu contrasena", "olvido su contrasena",
        "olvidaste tu contrasena",
        // it
        "devi effettuare laccesso", "devi accedere", "accedi per", "effettua il login",
        "riservato agli utenti registrati", "riservata agli utenti registrati", "password dimenticata",
        "hai dimenticato la password",
        // pt
        "precisa de iniciar sessao", "precisa fazer login", "faca login para", "inicie sessao para",
        "exclusivo para membros", "esqueceu a senha", "esqueceu sua senha", "esqueceu se da palavra passe",
        // nl
        "moet ingelogd zijn", "moet zijn ingelogd", "log in om", "u moet inloggen", "je moet inloggen",
        "meld je aan om", "alleen voor leden", "wachtwoord vergeten",
    ],
    topics: &[
        "login", "signin", "sign", "log", "auth", "authentication", "authenticate", "sso", "password",
        "account", "anmelden", "anmeldung", "connexion", "sesion", "inloggen",
    ],
};

/// A question for consent in place of the text.
#[rustfmt::skip]
pub(in crate::doubt) const CONSENT: Wording = Wording {
    headlines: &[
        "before you continue", "we value privacy", "we value your privacy", "cookie consent",
        "privacy settings", "cookie settings", "cookies", "bevor sie fortfahren", "datenschutzeinstellungen",
        "cookie einstellungen", "avant de continuer", "parametres des cookies", "antes de continuar",
        "prima di continuare", "voordat je verdergaat", "voordat u verdergaat", "cookie instellingen",
    ],
    sentences: &[
        // en
        "use cookies", "uses cookies", "accept cookies", "accept all", "reject all", "cookie settings",
        "cookie preferences", "manage preferences", "manage options", "manage cookies", "your consent",
        "your privacy choices", "we value your privacy", "before you continue", "our partners",
        "store and or access information", "privacy policy", "legitimate interest",
        // de
        "verwenden cookies", "nutzen cookies", "verwendet cookies", "cookies akzeptieren", "alle akzeptieren",
        "alle ablehnen", "cookie einstellungen", "ihre einwilligung", "deine einwilligung", "unsere partner",
        "ihre zustimmung", "mit werbung weiterlesen", "datenschutzerklarung", "pur abo",
        // fr
        "utilisons des cookies", "utilise des cookies", "tout accepter", "tout refuser",
        "accepter les cookies", "votre consentement", "nos partenaires", "continuer sans accepter",
        "parametrer les cookies", "vie privee",
        // es
        "utilizamos cookies", "usamos cookies", "utiliza cookies", "aceptar todo", "aceptar todas",
        "aceptar cookies", "rechazar todo", "rechazar todas", "su consentimiento", "tu consentimiento",
        "nuestros socios", "politica de cookies", "configurar cookies",
        // it
        "utilizziamo i cookie", "utilizziamo cookie", "usiamo i cookie", "utilizza i cookie",
        "utilizza cookie", "accetta tutto", "accetta tutti", "rifiuta tutto", "il tuo consenso",
        "i nostri partner", "informativa sui cookie", "gestisci preferenze",
        // pt
        "utiliza cookies", "aceitar tudo", "aceitar todos", "aceitar cookies", "rejeitar todos",
        "recusar tudo", "seu consentimento", "nossos parceiros", "politica de privacidade", "gerir cookies",
        // nl
        "gebruiken cookies", "gebruikt cookies", "maken gebruik van cookies", "maakt gebruik van cookies",
        "alles accepteren", "cookies accepteren", "alles weigeren", "je toestemming", "uw toestemming",
        "onze partners", "cookie instellingen", "privacybeleid",
    ],
    topics: &["policy", "datenschutz", "legal", "richtlinie", "politique", "politica", "beleid"],
};

/// Without any of these, no text asks for consent.
pub(in crate::doubt) const CONSENT_STEMS: &[&str] = &[
    "cookie",
    "privacy",
    "partner",
    "consent",
    "einwilligung",
    "zustimmung",
    "toestemming",
    "socios",
    "parceiros",
];

/// Words that a block of a consent wall is about; a block without any of them is the page's own text.
#[rustfmt::skip]
pub(in crate::doubt) const CONSENT_WORDS: &[&str] = &[
    "cookie", "cookies", "consent", "privacy", "personal", "partners", "partner", "vendors", "tracking",
    "gdpr", "accept", "agree", "reject", "ads", "advertising", "imprint", "terms", "before you continue",
    "preferences", "einwilligung", "zustimmung", "datenschutz", "datenschutzerklarung",
    "datenschutzeinstellungen", "impressum", "akzeptieren", "ablehnen", "werbung", "consentement",
    "partenaires", "confidentialite", "vie privee", "accepter", "refuser", "avant de continuer",
    "mentions legales", "consentimiento", "privacidad", "socios", "aceptar", "rechazar", "antes de continuar",
    "consenso", "accetta", "rifiuta", "prima di continuare", "consentimento", "privacidade", "parceiros",
    "aceitar", "rejeitar", "recusar", "toestemming", "privacybeleid", "accepteren", "weigeren", "voorkeuren",
];

/// What a control says that gives consent.
#[rustfmt::skip]
pub(in crate::doubt) const ACCEPT: &[&str] = &[
    "accept", "agree", "allow all", "allow cookies", "consent", "got it", "akzeptieren", "zustimmen",
    "einverstanden", "accepter", "jaccepte", "aceptar", "acepto", "accetta", "accetto", "aceitar", "aceito",
    "concordo", "accepteren", "akkoord", "toestaan", "godkann", "accepter alle", "godta", "akceptuj",
    "zgadzam sie",
];

/// A challenge that tells persons from programs.
#[rustfmt::skip]
pub(in crate::doubt) const CHALLENGE: Wording = Wording {
    headlines: &[
        // en
        "just a moment", "one moment", "one more step", "attention required", "attention required cloudflare",
        "checking browser", "checking browser before accessing", "checking if connection is secure",
        "security check", "security verification", "human verification", "verify you human",
        "verify you are human", "verify human", "verifying you human", "are you a robot", "you robot",
        "you human", "not a robot", "bot verification", "robot check", "access denied",
        "access to page has been denied", "pardon interruption", "pardon our interruption", "ddos protection",
        "ddos guard", "captcha", "captcha check", "unusual traffic", "making sure youre not bot",
        "making sure youre not a bot", "you have been blocked", "sorry you have been blocked", "blocked",
        "request unsuccessful", "403 forbidden", "forbidden", "client challenge", "vercel security checkpoint",
        "security checkpoint",
        // de
        "einen moment", "nur einen moment", "sicherheitsuberprufung", "sicherheitsprufung",
        "zugriff verweigert", "bist du ein mensch", "ich bin kein roboter",
        // fr
        "un instant", "verification de securite", "acces refuse", "acces interdit", "etes vous un robot",
        // es
        "un momento", "comprobacion de seguridad", "acceso denegado", "verificacion de seguridad",
        "no soy un robot",
        // it
        "un attimo", "controllo di sicurezza", "accesso negato", "non sono un robot",
        // pt
        "um momento", "verificacao de seguranca", "acesso negado", "nao sou um robo",
        // nl
        "een moment", "een ogenblik", "beveiligingscontrole", "toegang geweigerd",
    ],
    sentences: &[
        // en
        "checking your browser", "checking if the site connection is secure", "verify you are human",
        "verify that you are human", "verify that you are not a robot", "verify you are not a robot",
        "verifying you are human", "confirm you are human", "confirm that you are human",
        "prove you are human", "you are not a robot", "youre not a robot", "im not a robot", "not a bot",
        "enable javascript and cookies to continue", "enable cookies and reload",
        "complete the security check", "complete the captcha", "complete the challenge", "solve the captcha",
        "solve this captcha", "unusual traffic from your", "unusual activity from your", "ddos protection by",
        "performance security by", "ray id", "needs to review the security of your connection",
        "redirected once the validation is complete", "incapsula incident id",
        "dont have permission to access", "something about your browser made us think you were a bot",
        "automated access", "security service to protect itself", "you have been blocked",
        "will redirect you shortly", "this process is automatic", "reference id",
        // de
        "browser wird uberpruft", "uberprufen ihren browser", "bestatigen sie dass sie ein mensch",
        "kein roboter sind", "ich bin kein roboter", "ungewohnlichen datenverkehr",
        "aktivieren sie javascript und cookies",
        // fr
        "verification de votre navigateur", "verifiez que vous etes humain", "verifier que vous etes humain",
        "vous netes pas un robot", "je ne suis pas un robot", "trafic inhabituel",
        "activer javascript et les cookies",
        // es
        "comprobando su navegador", "verifique que es un ser humano", "verifica que eres humano",
        "no eres un robot", "no es un robot", "no soy un robot", "trafico inusual",
        "habilite javascript y las cookies",
        // it
        "controllo del browser", "verifica di essere umano", "verifica che sei umano", "non sei un robot",
        "non sono un robot", "traffico insolito",
        // pt
        "verificando seu navegador", "verifique se voce e humano", "confirme que voce e humano",
        "voce nao e um robo", "nao sou um robo", "trafego incomum",
        // nl
        "browser wordt gecontroleerd", "controleren je browser", "bevestig dat u een mens",
        "bevestig dat je een mens", "geen robot bent", "ik ben geen robot", "ongebruikelijk verkeer",
    ],
    topics: &["captcha", "captchas", "recaptcha", "turnstile", "bot", "bots", "403", "ddos", "error", "errors", "security"],
};
