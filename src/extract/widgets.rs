//! Parts that products of others put into pages: consent dialogs, share bars, chats, advertising.
//!
//! They are the same on every site, so their names can be listed. A name is a whole `id` or class of its maker's own
//! making; words that anybody may choose (`banner`, `cookie`) belong into `chrome`.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::html::Element;

/// `id`s and classes of widgets.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    // Consent.
    "onetrust-consent-sdk", "onetrust-banner-sdk", "onetrust-pc-sdk", "ot-sdk-show-settings", "CybotCookiebotDialog", "CookiebotWidget",
    "didomi-host", "didomi-popup", "usercentrics-root", "usercentrics-cmp-ui", "cmpbox", "cmpwrapper", "truste-consent-track",
    "truste_overlay", "consent_blackbar", "iubenda-cs-banner", "tarteaucitronRoot", "cookiescript_injected", "cookiescript_injected_wrapper",
    "hs-eu-cookie-confirmation", "cookie-law-info-bar", "cliSettingsPopup", "cookie-notice", "moove_gdpr_cookie_info_bar",
    "moove_gdpr_cookie_modal", "axeptio_overlay", "BorlabsCookieBox", "sliding-popup", "eu-cookie-compliance-banner",
    "eu-cookie-bar", "qc-cmp2-container", "qc-cmp2-ui", "fc-consent-root", "cky-consent-container", "cky-modal", "cky-consent-bar",
    "osano-cm-window", "osano-cm-dialog", "cc-window", "cmplz-cookiebanner", "cmplz-manage-consent", "evidon-banner", "_evidon_banner",
    "termly-code-snippet-support", "js-cookie-consent", "pea_cook_wrapper", "gdpr-cookie-message", "shopify-pc__banner", "klaro",
    "orejime", "ch2-container", "wt-cli-cookie-bar-container", "cookiefirst-root", "cookiehub", "transcend-consent-manager",
    "ketch-consent-banner", "privacy-manager", "sp_message_container", "trustarc-banner-overlay", "uc-banner-modal",
    // Sharing and subscribing.
    "sharedaddy", "jp-relatedposts", "addtoany_share_save_container", "addtoany_content", "a2a_kit", "addthis_toolbox",
    "addthis_inline_share_toolbox", "shareaholic-canvas", "heateor_sss_sharing_container", "essb_links", "ssba", "sharethis-inline-share-buttons",
    "st-sticky-share-buttons", "sassy-social-share", "mashsb-container", "swp_social_panel", "mc_embed_signup", "tve-leads-conversion-object",
    "simple-follow-button", "wp-block-jetpack-subscriptions__container", "post-likes-widget-placeholder",
    // Teasers that others choose.
    "OUTBRAIN", "trc_related_container", "taboola-below-article-thumbnails", "yarpp", "yarpp-related", "crp_related", "rp4wp-related-posts",
    "wp_rp_wrap", "zergnet-widget", "revcontent", "dianomi_context", "mgbox", "nrelate_related",
    // Advertising.
    "adsbygoogle", "google-auto-placed", "adthrive-ad", "mv-ad-box", "raptive-ad", "ez-toc-container", "lwptoc",
    // What a form says once it is sent.
    "w-form-done", "w-form-fail", "wpcf7-response-output", "elementor-message",
    // What only the editors of a page see, the foot of a shop, stars to click on.
    "section-metadata", "shopify-section-group-footer-group", "rmp-widgets-container", "rmp-rating-widget", "kk-star-ratings", "post-ratings",
    // What a book's pages say of the keys they listen to, and the settings and contents beside a page.
    "mdbook-help-container", "tsd-navigation", "tsd-page-navigation",
    // Chats, captchas, comments by others.
    "grecaptcha-badge", "intercom-lightweight-app", "intercom-container", "drift-widget", "hubspot-messages-iframe-container", "tidio-chat",
    "crisp-client", "zE-session", "fb-comments", "fb_iframe_widget", "disqus_thread",
];

static SET: LazyLock<HashSet<&'static str>> = LazyLock::new(|| NAMES.iter().copied().collect());

/// The name of the widget that an element is.
pub(super) fn name(element: &Element) -> Option<&'static str> {
    let known = |name: &str| SET.get(name).copied();
    element.id().and_then(known).or_else(|| element.classes().find_map(known))
}
