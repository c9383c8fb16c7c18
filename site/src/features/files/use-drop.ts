import { type RefObject, useEffect, useState } from "react";

/**
 * Whether files are being dragged over the window, and where they may be dropped. A drop beside `target`
 * does nothing, instead of leaving the page for the file.
 */
export function useDrop(
  target: RefObject<HTMLElement | null>,
  onFiles: ((files: File[]) => void) | null,
): boolean {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    if (onFiles === null) return;
    const inside = ({ target: over }: DragEvent) =>
      over instanceof Node && target.current?.contains(over) === true;
    const onOver = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = inside(event) ? "copy" : "none";
      setDragging(true);
    };
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const onDrop = (event: DragEvent) => {
      setDragging(false);
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      // A folder comes as a file without a kind and cannot be read: it is left out.
      const items = [...event.dataTransfer.items];
      const files = items
        .filter((item) => item.webkitGetAsEntry()?.isDirectory !== true)
        .flatMap((item) => item.getAsFile() ?? []);
      if (inside(event) && files.length > 0) onFiles(files);
    };
    addEventListener("dragover", onOver);
    addEventListener("dragleave", onLeave);
    addEventListener("drop", onDrop);
    return () => {
      removeEventListener("dragover", onOver);
      removeEventListener("dragleave", onLeave);
      removeEventListener("drop", onDrop);
    };
  }, [target, onFiles]);
  return dragging;
}
