// Whose data this is, in the words that each source's terms ask for.

import { h, show } from "./dom.js";

export function drawSources(place, { value, problem }) {
  const given = value?.attributions ?? [];
  show(place, given.length ? given.map(attribution) : h("li", {}, problem ?? "No source asks for a mention."));
}

function attribution({ text, url }) {
  return h("li", {}, isWeb(url) ? h("a", { href: url, rel: "noopener noreferrer" }, text) : text);
}

const isWeb = (url) => /^https:\/\//.test(url ?? "");
