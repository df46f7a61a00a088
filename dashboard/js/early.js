// Before the first paint, so that a chosen theme never flashes the other one.
try {
  document.documentElement.dataset.theme = localStorage.getItem("coinlake-theme") ?? "auto";
} catch {
  document.documentElement.dataset.theme = "auto"; // a browser that stores nothing follows the system
}
