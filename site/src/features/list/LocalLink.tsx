import type { ComponentProps, MouseEvent } from "react";

/** Whether a click means "open here": not a new tab, not a download. */
function isPlain(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

type Props = Omit<ComponentProps<"a">, "href"> & {
  /** Null for a way that leads nowhere just now: the link stays, so that the focus on it does. */
  href: string | null;
  onOpen: (href: string) => void;
};

/** A real link, taken over by the list when it is simply clicked. */
export function LocalLink({ onOpen, href, children, ...rest }: Props) {
  if (href === null) {
    return (
      <a {...rest} role="link" aria-disabled="true" tabIndex={-1}>
        {children}
      </a>
    );
  }
  return (
    <a
      {...rest}
      href={href}
      onClick={(event) => {
        if (!isPlain(event)) return;
        event.preventDefault();
        onOpen(href);
      }}
    >
      {children}
    </a>
  );
}
