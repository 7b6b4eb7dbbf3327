// Texts, numbers, times and units as the reader writes them.

const UNITS = {
  Cel: "°C", "1": "", deg: "°", "ug/m3": "µg/m³", "mg/m3": "mg/m³", "g/m3": "g/m³", m3: "m³",
  "W/m2": "W/m²", "[ppm]": "ppm", "[ppb]": "ppb", "uS/cm": "µS/cm", "uSv/h": "µSv/h", "m3/h": "m³/h",
};
const STEPS = [["day", 86400000], ["hour", 3600000], ["minute", 60000], ["second", 1000]];

export const words = { language: "en", zone: undefined, texts: {}, flags: {} };

/** Fetch the texts of a language. */
export async function speak(base, language, zone) {
  const answer = await fetch(`${base}/texts/${language}.json`);
  Object.assign(words, await answer.json(), { language, zone });
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
}

/** The text of `key`; `{n}` and the like are filled in, `key.one` is taken where n is one. */
export function t(key, values = {}) {
  const rule = "n" in values ? new Intl.PluralRules(words.language).select(values.n) : "";
  const text = words.texts[`${key}.${rule}`] ?? words.texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name] ?? "";
    return typeof value === "number" ? number(value) : value;
  });
}

/** The text of `key`, or `otherwise` where there is none: for words that parts make up. */
export function known(key, otherwise) {
  return words.texts[key] ?? otherwise;
}

export function number(value, digits = 1) {
  return new Intl.NumberFormat(words.language, { maximumFractionDigits: digits }).format(value);
}

/** `°C` for `Cel`. */
export const unitSign = (unit) => UNITS[unit] ?? unit;

/** A measured value with its unit: `21.5 °C`, `yes`, `open`. */
export function measured(quantity, value, unit) {
  if (typeof value !== "number") return String(value);
  const pair = words.flags[baseOf(quantity)];
  if (pair && value >= 0 && value <= 1) return shareOf(value, pair);
  const sign = unitSign(unit);
  const shown = number(value, Math.abs(value) < 10 ? 2 : 1);
  return sign ? `${shown}${sign === "%" || sign === "°" ? "" : " "}${sign}` : shown;
}

/** A flag in words; a mean of flags as the share of the time that it was set. */
function shareOf(value, [set, unset]) {
  if (value === 0 || value === 1) return t(value ? set : unset);
  return `${t(set)} ${number(value * 100, 0)}%`;
}

const baseOf = (quantity) => quantity.split("#")[0];

export function quantityName(quantity) {
  const [base, part] = quantity.split("#");
  const name = words.texts[`quantity.${base}`] ?? base.replaceAll("_", " ");
  return part ? `${name} ${part}` : name;
}

/** `3 minutes ago`, `just now`. */
export function ago(at, now) {
  const past = now - at;
  if (past < 10000) return t("time.now");
  const [unit, size] = STEPS.find(([, step]) => past >= step) ?? STEPS[3];
  return new Intl.RelativeTimeFormat(words.language, { numeric: "always" }).format(-Math.floor(past / size), unit);
}

/** `3 min`, `2 h 5 min`: how long something has lasted. */
export function span(length) {
  const minutes = Math.floor(length / 60000);
  if (minutes < 1) return t("time.seconds", { n: Math.max(0, Math.floor(length / 1000)) });
  if (minutes < 60) return t("time.minutes", { n: minutes });
  if (minutes < 2880) return t("time.hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
  return t("time.days", { n: Math.floor(minutes / 1440) });
}

/** `12 MB`. */
export function bytes(size) {
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, size)) / 3));
  const unit = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"][power];
  return new Intl.NumberFormat(words.language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: power && size / 1000 ** power < 10 ? 1 : 0 }).format(size / 1000 ** power);
}

/** Date and time at the place. */
export function moment(at, style = { dateStyle: "medium", timeStyle: "medium" }) {
  return new Intl.DateTimeFormat(words.language, { timeZone: words.zone, ...style }).format(at);
}

/** `10:42` today, else with the date. */
export function clock(at, now) {
  const day = (x) => moment(x, { dateStyle: "short" });
  const time = moment(at, { timeStyle: "short" });
  return day(at) === day(now) ? time : `${day(at)} ${time}`;
}
