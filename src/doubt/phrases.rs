//! What walls, error pages and parked domains say of themselves, in the languages that most sites are written in.
//!
//! Everything here is [folded](super::text::fold): lower case, no accents, no punctuation, one space between words.
//! A phrase alone proves nothing; [`page`](super::page) asks for evidence beside it.

mod walls;

pub(super) use walls::{ACCEPT, CHALLENGE, CONSENT, CONSENT_STEMS, CONSENT_WORDS, LOGIN};

/// The words of one kind of page.
pub(super) struct Wording {
    /// All that a heading or a title says on such a page, apart from [`FILLERS`].
    pub(super) headlines: &'static [&'static str],
    /// What its text says somewhere.
    pub(super) sentences: &'static [&'static str],
    /// Words of an address that make a page one *about* the subject: `/errors/404`, `/cookie-policy`.
    pub(super) topics: &'static [&'static str],
}

/// Words that say nothing beside a headline.
#[rustfmt::skip]
pub(super) const FILLERS: &[&str] = &[
    "oops", "ooops", "whoops", "uh", "oh", "ah", "hmm", "sorry", "error", "errors", "http", "status", "code",
    "the", "this", "that", "a", "an", "is", "was", "we", "are", "currently", "temporarily", "our", "your",
    "site", "website", "please", "to", "continue", "fehler", "ups", "huch", "hoppla", "leider",
    "entschuldigung", "die", "der", "das", "wurde", "wir", "sind", "erreur", "desole", "la", "le", "cette",
    "votre", "vaya", "lo", "sentimos", "el", "errore", "spiacenti", "questa", "erro", "desculpe", "esta", "o",
    "fout", "helaas", "deze", "de", "het",
];

/// A not-found page that answers 200.
#[rustfmt::skip]
pub(super) const NOT_FOUND: Wording = Wording {
    headlines: &[
        // en
        "404", "not found", "404 not found", "page not found", "404 page not found", "page not found 404",
        "file not found", "content not found", "page cannot be found", "page could not be found",
        "page cant be found", "page couldnt be found", "page does not exist", "page doesnt exist",
        "cant find page", "couldnt find page", "could not find page", "page you requested could not be found",
        "page you requested was not found", "page you were looking for doesnt exist", "page isnt available",
        "page you are looking for doesnt exist", "page youre looking for doesnt exist",
        "page no longer exists", "page unavailable", "page not available", "nothing found", "nothing here",
        "requested page not found", "page youre looking for cant be found", "page has been removed",
        "page missing", "lost",
        // de
        "seite nicht gefunden", "404 seite nicht gefunden", "nicht gefunden", "404 nicht gefunden",
        "seite existiert nicht", "seite konnte nicht gefunden werden", "seite nicht verfugbar",
        "seite nicht vorhanden", "angeforderte seite nicht gefunden",
        // fr
        "page introuvable", "404 page introuvable", "page non trouvee", "404 page non trouvee", "introuvable",
        "page nexiste pas", "page demandee est introuvable", "page est introuvable",
        // es
        "pagina no encontrada", "404 pagina no encontrada", "no encontrado", "no encontrada",
        "pagina no existe", "no se encontro pagina", "no se ha encontrado pagina", "pagina no disponible",
        // it
        "pagina non trovata", "404 pagina non trovata", "non trovato", "pagina non esiste",
        "pagina inesistente", "pagina non disponibile",
        // pt
        "pagina nao encontrada", "404 pagina nao encontrada", "nao encontrado", "nao encontrada",
        "pagina nao existe", "pagina indisponivel",
        // nl
        "pagina niet gevonden", "404 pagina niet gevonden", "niet gevonden", "pagina bestaat niet",
        // sv, da, no, pl
        "sidan hittades inte", "sidan kunde inte hittas", "siden blev ikke fundet", "siden ikke fundet",
        "siden ble ikke funnet", "nie znaleziono strony", "strona nie istnieje", "strony nie znaleziono",
    ],
    sentences: &[
        // en
        "page not found", "page was not found", "page cannot be found", "page can not be found",
        "page could not be found", "page cant be found", "page couldnt be found", "page you are looking for",
        "page youre looking for", "page you were looking for", "page you requested", "page you tried to",
        "requested page", "requested url", "page does not exist", "page doesnt exist", "page no longer exists",
        "cant find the page", "cannot find the page", "couldnt find the page", "could not find the page",
        "cant find that page", "couldnt find that page", "couldnt find this page", "no longer available",
        "nothing was found at this location", "may have been moved", "might have been moved",
        "might have been removed", "may have been removed", "has been moved or deleted",
        "has moved or been deleted", "link you followed", "address you entered", "mistyped the address",
        "typed the address", "was not found on this server",
        // de
        "seite nicht gefunden", "seite wurde nicht gefunden", "seite konnte nicht gefunden werden",
        "seite existiert nicht", "gewunschte seite", "angeforderte seite", "aufgerufene seite",
        "gesuchte seite", "seite die sie suchen", "seite die du suchst", "konnten die seite nicht finden",
        "seite gibt es nicht",
        // fr
        "page introuvable", "page non trouvee", "page demandee", "page que vous recherchez",
        "page que vous cherchez", "page nexiste pas", "page que vous avez demandee", "page est introuvable",
        "na pas ete trouvee",
        // es
        "pagina no encontrada", "pagina que buscas", "pagina que esta buscando", "pagina que busca",
        "pagina solicitada", "pagina no existe", "no se ha encontrado la pagina", "no se encontro la pagina",
        "no hemos encontrado la pagina", "no pudimos encontrar la pagina",
        // it
        "pagina non trovata", "pagina che stai cercando", "pagina che cerchi", "pagina richiesta",
        "pagina non esiste", "pagina cercata", "pagina non e stata trovata",
        // pt
        "pagina nao encontrada", "pagina que procura", "pagina que voce procura",
        "pagina que voce esta procurando", "pagina solicitada", "pagina nao existe", "nao foi encontrada",
        "nao encontramos a pagina",
        // nl
        "pagina niet gevonden", "pagina die u zoekt", "pagina die je zoekt", "opgevraagde pagina",
        "pagina bestaat niet", "pagina kon niet worden gevonden", "pagina kan niet worden gevonden",
        // sv, da, no, pl
        "sidan du soker", "sidan hittades inte", "siden du leder efter", "siden du leter etter",
        "strona ktorej szukasz", "strona nie istnieje",
    ],
    topics: &["404", "found", "notfound", "error", "errors", "status", "http", "fehler", "erreur"],
};

/// A notice of maintenance in place of the site.
#[rustfmt::skip]
pub(super) const MAINTENANCE: Wording = Wording {
    headlines: &[
        // en
        "maintenance", "under maintenance", "down for maintenance", "down for scheduled maintenance",
        "undergoing maintenance", "undergoing scheduled maintenance", "scheduled maintenance",
        "maintenance mode", "planned maintenance", "maintenance in progress", "offline for maintenance",
        "well be back", "well be back soon", "well be right back", "be right back", "be back soon",
        "back soon", "unavailable", "service unavailable", "503 service unavailable", "offline", "down",
        "down for a moment", "performing maintenance", "performing scheduled maintenance",
        "establishing a database connection", "error establishing a database connection", "too many requests",
        "429 too many requests", "bad gateway", "502 bad gateway", "gateway timeout", "504 gateway timeout",
        "gateway time out", "504 gateway time out", "internal server error", "500 internal server error",
        "something went wrong",
        // de
        "wartung", "wartungsarbeiten", "wartungsmodus", "im wartungsmodus",
        "wegen wartungsarbeiten geschlossen", "in wartung", "bald wieder da", "gleich zuruck",
        "gleich wieder da", "vorubergehend nicht erreichbar",
        // fr
        "en maintenance", "site en maintenance", "maintenance en cours", "bientot de retour",
        "de retour bientot", "nous revenons bientot", "operation de maintenance",
        // es
        "en mantenimiento", "sitio en mantenimiento", "mantenimiento", "mantenimiento programado",
        "volvemos pronto", "volveremos pronto", "web en mantenimiento",
        // it
        "in manutenzione", "sito in manutenzione", "manutenzione in corso", "manutenzione", "torniamo presto",
        "torneremo presto",
        // pt
        "em manutencao", "manutencao", "manutencao programada", "estamos em manutencao", "voltamos em breve",
        "voltaremos em breve",
        // nl
        "onderhoud", "in onderhoud", "gepland onderhoud", "onderhoudsmodus", "we zijn zo terug", "zo terug",
        "binnenkort terug",
        // sv, da, no, pl
        "underhall", "underhall pagar", "vedligeholdelse", "vedlikehold", "przerwa techniczna",
        "prace konserwacyjne",
    ],
    sentences: &[
        // en
        "is down for maintenance", "down for maintenance", "down for scheduled maintenance",
        "is under maintenance", "currently under maintenance", "undergoing maintenance",
        "undergoing scheduled maintenance", "undergoing planned maintenance",
        "undergoing essential maintenance", "undergoing routine maintenance", "performing maintenance",
        "performing scheduled maintenance", "performing some maintenance", "carrying out maintenance",
        "briefly unavailable for scheduled maintenance", "unavailable due to maintenance",
        "offline for maintenance", "well be back", "we will be back", "be back soon", "be back shortly",
        "be right back", "check back soon", "check back later", "check back shortly",
        "temporarily unavailable", "temporarily offline", "back online shortly", "back online soon",
        "unable to service your request due to maintenance", "sorry for the inconvenience",
        "apologize for the inconvenience", "apologise for the inconvenience",
        "fatal error uncaught", "fatal error allowed memory size", "parse error syntax error",
        // de
        "bald wieder da", "bald wieder fur sie da", "in kurze wieder", "gleich wieder da",
        "wartungsarbeiten durchgefuhrt", "wegen wartungsarbeiten", "aufgrund von wartungsarbeiten",
        "fuhren wartungsarbeiten durch", "wird gerade gewartet", "derzeit gewartet",
        "vorubergehend nicht erreichbar", "vorubergehend nicht verfugbar", "spater noch einmal",
        "spater erneut",
        // fr
        "actuellement en maintenance", "est en maintenance", "en cours de maintenance", "bientot de retour",
        "de retour bientot", "de retour dans", "revenez plus tard", "momentanement indisponible",
        "temporairement indisponible", "operation de maintenance", "veuillez reessayer plus tard",
        // es
        "estamos en mantenimiento", "esta en mantenimiento", "tareas de mantenimiento", "en mantenimiento",
        "volveremos pronto", "volvemos pronto", "temporalmente no disponible",
        "temporalmente fuera de servicio", "vuelva mas tarde", "intentelo mas tarde",
        // it
        "e in manutenzione", "in manutenzione", "torneremo presto", "torniamo presto", "saremo presto",
        "temporaneamente non disponibile", "riprova piu tardi",
        // pt
        "esta em manutencao", "estamos em manutencao", "em manutencao", "voltaremos em breve",
        "voltamos em breve", "temporariamente indisponivel", "tente novamente mais tarde",
        // nl
        "in onderhoud", "onderhoud aan onze", "wegens onderhoud", "vanwege onderhoud", "voeren onderhoud uit",
        "zo snel mogelijk terug", "binnenkort weer", "tijdelijk niet beschikbaar", "tijdelijk niet bereikbaar",
        "probeer het later",
    ],
    topics: &[
        "maintenance", "wartung", "mantenimiento", "manutenzione", "manutencao", "onderhoud", "status",
        "incident", "incidents", "window", "windows", "release",
    ],
};

/// A registrar's page, or that of a server without a site.
#[rustfmt::skip]
pub(super) const PARKED: Wording = Wording {
    headlines: &[
        "domain for sale", "domain name for sale", "domain parked", "parked domain", "domain is parked",
        "buy domain", "welcome to nginx", "apache2 ubuntu default page it works",
        "apache2 ubuntu default page", "apache2 debian default page", "apache2 debian default page it works",
        "it works", "test page for apache http server", "iis windows server", "iis windows",
        "default web page", "default page", "domain default page", "account suspended",
        "account has been suspended", "website suspended", "coming soon", "under construction",
        "future home of something quite cool", "domain expired", "domain has expired", "domain zu verkaufen",
        "domain steht zum verkauf", "domaine a vendre", "domaine est a vendre", "dominio en venta",
        "dominio in vendita", "dominio a venda", "domein te koop", "hier entsteht eine neue internetprasenz",
    ],
    sentences: &[
        // en
        "domain is for sale", "domain may be for sale", "domain name is for sale", "buy this domain",
        "inquire about this domain", "domain is parked", "domain has been parked", "parked free",
        "domain parking", "this domain is registered", "domain has expired",
        "domain has recently been registered", "domain name has expired", "make an offer on this domain",
        "get this domain", "owner of this domain", "sponsored listings", "is available for purchase",
        "website coming soon", "site is under construction",
        "web server is successfully installed and working", "replace this file", "account has been suspended",
        "contact your hosting provider", "default web page", "no website configured",
        "there is no website configured", "this is the default page",
        // de
        "domain steht zum verkauf", "domain ist zu verkaufen", "diese domain kaufen", "domain ist geparkt",
        "domain wurde registriert", "hier entsteht eine neue internetprasenz", "domain kaufen",
        // fr
        "domaine est a vendre", "acheter ce domaine", "domaine est gare", "domaine est enregistre",
        "nom de domaine a expire",
        // es
        "dominio esta en venta", "comprar este dominio", "dominio esta aparcado", "dominio esta registrado",
        "dominio ha expirado",
        // it
        "dominio e in vendita", "acquista questo dominio", "dominio e parcheggiato",
        "dominio e stato registrato", "dominio e scaduto",
        // pt
        "dominio esta a venda", "comprar este dominio", "dominio esta estacionado", "dominio expirou",
        // nl
        "domein is te koop", "domeinnaam is te koop", "koop dit domein", "domein is geparkeerd",
        "domein is geregistreerd", "domeinnaam is geregistreerd",
    ],
    topics: &["domain", "domains", "parking", "hosting", "install", "nginx", "apache"],
};

/// What a page shows while its scripts load.
#[rustfmt::skip]
pub(super) const LOADING: &[&str] = &[
    "loading", "please wait", "loading please wait", "loading app", "loading application", "initializing",
    "wird geladen", "ladt", "bitte warten", "laden", "chargement", "chargement en cours", "veuillez patienter",
    "cargando", "espere por favor", "caricamento", "caricamento in corso", "carregando", "a carregar",
    "bezig met laden", "laddar", "indlaeser", "laster", "ladowanie",
];

#[cfg(test)]
mod tests {
    use super::super::text::fold;
    use super::*;

    #[test]
    fn every_phrase_stands_in_the_form_that_is_compared() {
        let wordings = [&NOT_FOUND, &MAINTENANCE, &LOGIN, &CONSENT, &CHALLENGE, &PARKED];
        let phrases = wordings
            .iter()
            .flat_map(|wording| wording.headlines.iter().chain(wording.sentences).chain(wording.topics));
        for phrase in phrases.chain(CONSENT_WORDS).chain(ACCEPT).chain(LOADING) {
            assert_eq!(fold(phrase).as_str(), *phrase);
        }
    }
}
