const KEY = "kontor-single-keys";

/** Whether keys without a modifier are commands (WCAG 2.1.4 asks for a way to turn them off). */
export function singleKeysOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

/** Keeps the choice in this browser. */
export function setSingleKeys(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // Storage may be forbidden: then the choice holds for nothing, as before.
  }
}
