/* Numbers and locations as text, like filprofiler/report/text.py. */

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

function counted(number, noun, ending = "s") {
  return `${grouped(number)} ${noun}${number === 1 ? "" : ending}`;
}

function humanBytes(size) {
  if (size < 1024) return size === 1 ? "1 byte" : `${size} bytes`;
  let value = size / 1024,
    unit = 0;
  while (value >= 1023.95 && unit + 1 < UNITS.length) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

function exactBytes(size) {
  return size === 1 ? "1 byte" : `${grouped(size)} bytes`;
}

function percent(part, whole, decimals = 2) {
  return `${(whole ? (100 * part) / whole : 100).toFixed(decimals)}%`;
}

/* Locations: a site is {path, name, line, mine}; one without a path is not in the source, and its name is its label. */

function baseName(path) {
  return path.startsWith("<") ? path : path.slice(path.lastIndexOf("/") + 1);
}

function shortLabel(site) {
  return site.path ? `${baseName(site.path)}:${site.line} (${site.name})` : site.name;
}

function fullLabel(site) {
  return site.path ? `${site.path}:${site.line} (${site.name})` : site.name;
}

/* A new element with a class, text and attributes. */
function element(tag, className = "", text = "", attributes = {}) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  for (const name of Object.keys(attributes)) made.setAttribute(name, attributes[name]);
  return made;
}
