import { DropdownMenu } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn.ts";

/** A menu of actions. `trigger` is one button element. */
export function Menu({
  trigger,
  children,
  align = "end",
}: {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
}) {
  return (
    // Not modal: the modal kind locks scrolling with a style element, which the page's policy refuses.
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={5}
          collisionPadding={8}
          className="z-40 max-h-80 min-w-44 animate-[rise_120ms_var(--ease-out)] overflow-y-auto rounded-lg bg-raised p-1 shadow-raised"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

type ItemProps = ComponentProps<typeof DropdownMenu.Item> & { tone?: "danger" };

/** An action of a menu. */
export function MenuItem({ tone, className, ...rest }: ItemProps) {
  return (
    <DropdownMenu.Item
      {...rest}
      className={cn(
        "flex h-8 cursor-default select-none items-center gap-2 rounded-md px-2 text-sm outline-none data-disabled:opacity-50 data-highlighted:bg-hover pointer-coarse:h-10 [&_svg]:size-4 [&_svg]:text-faint",
        tone === "danger" && "text-danger-text [&_svg]:text-current",
        className,
      )}
    />
  );
}

/** A line between actions that differ in kind. */
export function MenuSeparator() {
  return <DropdownMenu.Separator className="-mx-1 my-1 h-px bg-line" />;
}

/** What the actions below have in common. */
export function MenuLabel({ children }: { children: ReactNode }) {
  return (
    <DropdownMenu.Label className="px-2 py-1.5 font-medium text-faint text-xs">
      {children}
    </DropdownMenu.Label>
  );
}
