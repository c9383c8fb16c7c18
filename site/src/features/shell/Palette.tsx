import { lazy, Suspense, useEffect, useState } from "react";
import { type PageContext, PageProvider } from "../../ui/context.tsx";

const PaletteDialog = lazy(() => import("./PaletteDialog.tsx"));

/** Waits for ⌘K, Ctrl K or a click on "Search…"; only then is the palette itself fetched. */
export function Palette({ page }: { page: PageContext }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.shiftKey)
        return;
      event.preventDefault();
      setOpen((now) => !now);
    };
    const onClick = (event: MouseEvent) => {
      if (event.target instanceof Element && event.target.closest("[data-palette]")) setOpen(true);
    };
    addEventListener("keydown", onKey);
    addEventListener("click", onClick);
    return () => {
      removeEventListener("keydown", onKey);
      removeEventListener("click", onClick);
    };
  }, []);
  return (
    <PageProvider page={page}>
      {open ? (
        <Suspense>
          <PaletteDialog onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </PageProvider>
  );
}
