/** Shows the chosen theme at once and keeps it in a cookie, so that the server writes it into the next page. */
export function chooseTheme(choice: string): void {
  const chosen = choice === "light" || choice === "dark" ? choice : null;
  if (chosen) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
  const age = chosen ? 365 * 24 * 3600 : 0;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
  document.cookie = `kontor-theme=${chosen ?? ""}; Path=/; Max-Age=${age}; SameSite=Lax`;
}
