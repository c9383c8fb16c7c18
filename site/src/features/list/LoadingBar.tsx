/** A thin line that runs while rows are fetched, at the lower edge of what stands above them. */
export function LoadingBar({ active }: { active: boolean }) {
  return active ? (
    <div className="absolute inset-x-0 -bottom-px h-0.5 overflow-hidden" aria-hidden="true">
      <div className="h-full w-2/5 animate-[slide_900ms_infinite_var(--ease-out)] bg-accent" />
    </div>
  ) : null;
}
