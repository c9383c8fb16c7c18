import { LoaderCircle } from "lucide-react";
import type { ComponentProps } from "react";
import { type ButtonStyle, buttonStyle } from "./button-style.ts";
import { cn } from "./cn.ts";

type Props = ComponentProps<"button"> & ButtonStyle & { busy?: boolean };

/** A button; `busy` shows that what it started is going on, and refuses a second press. */
export function Button({ variant, size, busy = false, className, children, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
      className={cn(buttonStyle({ variant, size }), className)}
    >
      {busy ? <LoaderCircle className="animate-spin" aria-hidden="true" /> : null}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({
  variant,
  size,
  className,
  ...rest
}: ComponentProps<"a"> & ButtonStyle) {
  return <a {...rest} className={cn(buttonStyle({ variant, size }), className)} />;
}
