// Elements without markup in strings, so that nothing from the lake can ever become code.

const SVG = "http://www.w3.org/2000/svg";

/** An element: properties by name (class, aria-… and data-… as attributes, on… as listeners), children. */
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Replace what `parent` shows. Who had the focus has it again if an element of the same id came back. */
export function show(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : "";
  parent.replaceChildren(...children.flat().filter(Boolean));
  parent.removeAttribute("aria-busy");
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** A table with a caption for screen readers. Columns: {title, numeric, hidden}; rows: arrays of cells or <tr>. */
export function table(caption, columns, rows, properties = {}) {
  const head = columns.map(({ title, numeric }) => h("th", { scope: "col", class: numeric && "number" }, title));
  const body = rows.map((row) => (Array.isArray(row) ? h("tr", {}, row.map((cell, at) => cellOf(cell, columns[at], at))) : row));
  return h(
    "table",
    properties,
    h("caption", { class: "sr-only" }, caption),
    h("thead", {}, h("tr", {}, head)),
    h("tbody", {}, body),
  );
}

function cellOf(cell, { numeric }, at) {
  const properties = { class: numeric && "number" };
  return at === 0 ? h("th", { scope: "row", ...properties }, cell) : h("td", properties, cell);
}

export const words = (text) => h("p", { class: "words" }, text);
