/** In the order of asking: most browsers also say the name of another. */
const PROGRAMS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];
const SYSTEMS: typeof PROGRAMS = [
  [/\b(iPhone|iPod)\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

/** What a session was made with, as its user knows it: `Firefox on Windows`; a script by its own words. */
export function agentName(userAgent: string | null): string {
  if (userAgent === null) return "An unknown program";
  const find = (all: typeof PROGRAMS) => all.find(([pattern]) => pattern.test(userAgent))?.[1];
  const [program, system] = [find(PROGRAMS), find(SYSTEMS)];
  if (program === undefined) return userAgent.split(" ")[0]?.slice(0, 60) ?? userAgent;
  return system === undefined ? program : `${program} on ${system}`;
}
