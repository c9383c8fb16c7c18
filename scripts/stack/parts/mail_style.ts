/** The look of the mailbox page: light and dark, narrow and wide. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f4f5f7, #101318);
  --card: light-dark(#fff, #181c23);
  --line: light-dark(#e3e6ea, #2a303a);
  --ink: light-dark(#17202a, #e8ebf0);
  --soft: light-dark(#5b6673, #98a2b0);
  --accent: light-dark(#1d4ed8, #8ab0ff);
  --on-accent: light-dark(#fff, #0d1526);
  --tint: light-dark(#e8eefc, #1f2a44);
  --danger: light-dark(#b42318, #ff9b91);
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
}
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.wrap { max-width: 60rem; margin: 0 auto; padding-inline: 1rem; }
header { background: var(--card); border-bottom: 1px solid var(--line); }
header .wrap { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; padding-block: .75rem; }
.brand { font-weight: 700; font-size: 1.05rem; color: var(--ink); text-decoration: none; margin-right: auto; }
.brand span { color: var(--soft); font-weight: 400; }
form { display: flex; gap: .5rem; margin: 0; }
input, button, .button {
  font: inherit; color: inherit; border: 1px solid var(--line); border-radius: .5rem;
  padding: .4rem .75rem; background: var(--card); text-decoration: none;
}
input { width: 15rem; max-width: 100%; }
button, .button { cursor: pointer; }
button:hover, .button:hover { background: var(--tint); }
.danger { color: var(--danger); }
main { padding-block: 1.25rem 3rem; }
.count { color: var(--soft); margin: 0 0 .75rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow: hidden; }
.mails { list-style: none; margin: 0; padding: 0; }
.mails li + li { border-top: 1px solid var(--line); }
.mails a {
  display: grid; grid-template-columns: 2.5rem minmax(0, 1fr) auto; gap: 0 .85rem;
  padding: .8rem 1rem; color: inherit; text-decoration: none; align-items: center;
}
.mails a:hover { background: var(--tint); }
.badge {
  width: 2.5rem; height: 2.5rem; border-radius: 50%; display: grid; place-items: center;
  background: var(--tint); color: var(--accent); font-weight: 700; text-transform: uppercase;
}
.subject { font-weight: 600; overflow-wrap: anywhere; }
.line { display: block; color: var(--soft); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
time { color: var(--soft); font-size: .85rem; white-space: nowrap; align-self: start; }
.empty { padding: 4rem 1rem; text-align: center; color: var(--soft); }
.empty strong { display: block; color: var(--ink); font-size: 1.1rem; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .75rem; overflow-wrap: anywhere; }
.mail { padding: 1.25rem; }
dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .15rem 1rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.tabs { display: flex; gap: .25rem; padding: 0 1.25rem; border-block: 1px solid var(--line); overflow-x: auto; }
.tabs a { padding: .6rem .8rem; color: var(--soft); text-decoration: none; border-bottom: 2px solid transparent; }
.tabs a[aria-current] { color: var(--accent); border-color: var(--accent); font-weight: 600; }
iframe { display: block; width: 100%; height: 65vh; border: 0; background: #fff; resize: vertical; }
pre { margin: 0; padding: 1.25rem; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.55 ui-monospace, monospace; }
.files { display: flex; flex-wrap: wrap; gap: .5rem; padding: 1rem 1.25rem; border-top: 1px solid var(--line); }
.note { color: var(--soft); font-size: .85rem; margin: .75rem 0 0; }
@media (max-width: 40rem) {
  header form[role] { flex: 1 1 100%; order: 1; }
  input { flex: 1; width: auto; min-width: 0; }
  .mails a { grid-template-columns: minmax(0, 1fr); }
  .badge { display: none; }
}
`;
