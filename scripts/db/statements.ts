/** Takes SQL apart at its semicolons. */

// Whatever may hold a semicolon that ends nothing; left open, each runs to the end of the text.
const PIECE =
  /\be'(?:\\[\s\S]|''|[^'\\])*(?:'|$)|'(?:''|[^'])*(?:'|$)|"(?:""|[^"])*(?:"|$)|--.*|\/\*[\s\S]*?(?:\*\/|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|;|\w+|[\s\S]/giy;
const COMMENT = /^(--|\/\*)/;

/** The statements that are complete, without their semicolons, and what follows the last of them. */
export function splitStatements(text: string): { statements: string[]; rest: string } {
  const statements: string[] = [];
  let open = "";
  let says = false;
  for (const [piece] of text.matchAll(PIECE)) {
    if (piece === ";") {
      if (says) statements.push(open.trim());
      open = "";
      says = false;
    } else {
      open += piece;
      says ||= piece.trim() !== "" && !COMMENT.test(piece);
    }
  }
  return { statements, rest: says ? open : "" };
}
