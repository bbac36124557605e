//! Colours as style sheets spell them, as far as it must be known whether a text has that of its ground.

use super::style::number;

/// A colour as red, green and blue; `None` for one that lets all through.
pub(super) type Colour = Option<[u8; 3]>;

/// Of a colour that lets all through, at most so much is seen.
const FAINT: f32 = 0.05;
/// Steps of a channel, of 255, that nobody tells apart.
const ALIKE: u8 = 8;

/// The names of colours (CSS Color 4, 6.1) that pages use, in order.
#[rustfmt::skip]
const NAMES: &[(&str, u32)] = &[
    ("aliceblue", 0xf0_f8ff), ("antiquewhite", 0xfa_ebd7), ("aqua", 0x00_ffff), ("azure", 0xf0_ffff), ("beige", 0xf5_f5dc),
    ("black", 0), ("blue", 0xff), ("brown", 0xa5_2a2a), ("cornsilk", 0xff_f8dc), ("cyan", 0x00_ffff), ("darkblue", 0x8b),
    ("darkgray", 0xa9_a9a9), ("darkgreen", 0x64_00), ("darkgrey", 0xa9_a9a9), ("darkred", 0x8b_0000), ("dimgray", 0x69_6969),
    ("dimgrey", 0x69_6969), ("floralwhite", 0xff_faf0), ("fuchsia", 0xff_00ff), ("gainsboro", 0xdc_dcdc),
    ("ghostwhite", 0xf8_f8ff), ("gold", 0xff_d700), ("gray", 0x80_8080), ("green", 0x80_00), ("grey", 0x80_8080),
    ("honeydew", 0xf0_fff0), ("ivory", 0xff_fff0), ("lavender", 0xe6_e6fa), ("lightblue", 0xad_d8e6),
    ("lightcyan", 0xe0_ffff), ("lightgray", 0xd3_d3d3), ("lightgreen", 0x90_ee90), ("lightgrey", 0xd3_d3d3),
    ("lightyellow", 0xff_ffe0), ("lime", 0xff_00), ("linen", 0xfa_f0e6), ("magenta", 0xff_00ff), ("maroon", 0x80_0000),
    ("midnightblue", 0x19_1970), ("mintcream", 0xf5_fffa), ("navy", 0x80), ("oldlace", 0xfd_f5e6), ("olive", 0x80_8000),
    ("orange", 0xff_a500), ("pink", 0xff_c0cb), ("purple", 0x80_0080), ("red", 0xff_0000), ("seashell", 0xff_f5ee),
    ("silver", 0xc0_c0c0), ("snow", 0xff_fafa), ("steelblue", 0x46_82b4), ("tan", 0xd2_b48c), ("teal", 0x80_80),
    ("tomato", 0xff_6347), ("violet", 0xee_82ee), ("wheat", 0xf5_deb3), ("white", 0xff_ffff), ("whitesmoke", 0xf5_f5f5),
    ("yellow", 0xff_ff00),
];

/// A colour by its usual spellings, in lower case.
pub(super) fn colour(value: &str) -> Option<Colour> {
    let value = value.trim();
    if value == "transparent" {
        return Some(None);
    }
    if let Some(hex) = value.strip_prefix('#') {
        return hexadecimal(hex);
    }
    if let Ok(at) = NAMES.binary_search_by_key(&value, |(name, _)| name) {
        let [_, red, green, blue] = NAMES[at].1.to_be_bytes();
        return Some(Some([red, green, blue]));
    }
    let (function, inner) = value.strip_suffix(')')?.split_once('(')?;
    let parts: Vec<&str> = inner.split([',', ' ', '/']).filter(|part| !part.is_empty()).collect();
    let [first, second, third, ..] = parts[..] else { return None };
    let colour = match function {
        "rgb" | "rgba" => [channel(first)?, channel(second)?, channel(third)?],
        "hsl" | "hsla" => by_hue(number(first)?, number(second)? / 100.0, number(third)? / 100.0),
        _ => return None,
    };
    Some((!parts.get(3).is_some_and(|alpha| is_see_through(alpha))).then_some(colour))
}

/// Whether an opacity leaves nothing to be seen.
pub(super) fn is_see_through(value: &str) -> bool {
    number(value).is_some_and(|n| if value.ends_with('%') { n / 100.0 } else { n } <= FAINT)
}

/// Whether nobody tells two colours apart.
pub(super) fn alike(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= ALIKE)
}

fn hexadecimal(hex: &str) -> Option<Colour> {
    if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let digits = if hex.len() <= 4 { 1 } else { 2 };
    let part = |n: usize| {
        let part = u8::from_str_radix(hex.get(n * digits..(n + 1) * digits)?, 16).ok()?;
        Some(if digits == 1 { part * 17 } else { part })
    };
    let shown = match hex.len() {
        3 | 6 => true,
        4 | 8 => f32::from(part(3)?) / 255.0 > FAINT,
        _ => return None,
    };
    Some(shown.then_some([part(0)?, part(1)?, part(2)?]))
}

fn channel(value: &str) -> Option<u8> {
    let n = number(value)?;
    Some(byte(if value.ends_with('%') { n / 100.0 } else { n / 255.0 }))
}

/// A share of the most that a channel shows.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped to a byte before")]
fn byte(share: f32) -> u8 {
    (share * 255.0).round().clamp(0.0, 255.0) as u8
}

/// A colour by its hue in degrees, its saturation and its lightness (CSS Color 4, 7.1).
fn by_hue(hue: f32, saturation: f32, lightness: f32) -> [u8; 3] {
    let channel = |n: f32| {
        let k = (n + hue / 30.0).rem_euclid(12.0);
        let a = saturation * lightness.min(1.0 - lightness);
        byte(lightness - a * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0))
    };
    [channel(0.0), channel(8.0), channel(4.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_their_usual_spellings() {
        let check = |text: &str, expected: Option<Colour>| assert_eq!(colour(text), expected, "{text}");
        check("white", Some(Some([255; 3])));
        check("navy", Some(Some([0, 0, 128])));
        check("#fff", Some(Some([255; 3])));
        check("#ff000000", Some(None));
        check("#0000", Some(None));
        check("rgb(255, 255, 255)", Some(Some([255; 3])));
        check("rgb(100% 0% 50%)", Some(Some([255, 0, 128])));
        check("rgba(0,0,0,0)", Some(None));
        check("rgb(0 0 0 / 1%)", Some(None));
        check("rgb(1 2 3 / 50%)", Some(Some([1, 2, 3])));
        check("hsl(0, 0%, 100%)", Some(Some([255; 3])));
        check("hsl(120deg 100% 50%)", Some(Some([0, 255, 0])));
        check("hsla(240, 100%, 50%, 0)", Some(None));
        check("var(--x)", None);
        check("#fé", None);
        check("rgb(1,2)", None);
    }

    #[test]
    fn the_names_stand_in_order() {
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn colours_are_alike_where_nobody_tells_them_apart() {
        assert!(alike([255; 3], [254, 255, 250]));
        assert!(!alike([255; 3], [238; 3]));
    }
}
