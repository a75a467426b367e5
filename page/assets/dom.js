// Making elements. Nothing here or elsewhere turns text into markup.

const svgSpace = "http://www.w3.org/2000/svg";

// el makes an element: el("td", {class: "number", title: "..."}, "text", child, ...).
// A property that is a function listens to the event of that name; one that is
// undefined, null or false is left out.
export function el(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

// svg does the same for pictures.
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(svgSpace, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined));
  return element;
}

export const byID = (id) => document.getElementById(id);

// text sets an element's text if it is another one, so that screen readers are not
// told what they know.
export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

// keyed makes a parent's children follow a list. The child of an item is kept as long
// as its key is, so a button in it keeps the focus.
export function keyed(parent, items, key, make, update) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const k = String(key(item));
    let child = old.get(k);
    old.delete(k);
    if (!child) {
      child = make(item);
      child.dataset.key = k;
    }
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
    if (update) update(child, item);
  }
  for (const child of old.values()) child.remove();
}
