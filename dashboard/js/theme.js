// Dark and light: the system's, or the one chosen here. style.css does the colours.

const KEY = "coinlake-theme";

/** Wire the switch; `changed` is called whenever the colours become others. */
export function wireTheme(select, changed) {
  const root = document.documentElement;
  select.value = root.dataset.theme;
  select.addEventListener("change", () => {
    root.dataset.theme = select.value;
    remember(select.value);
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

function remember(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // a browser that stores nothing keeps the choice until the page is left
  }
}

/** What a custom property of style.css is now, as a canvas takes it: "rgb(1, 2, 3)". */
export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
