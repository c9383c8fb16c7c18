import { useId } from "react";

type Props<T extends string> = {
  label: string;
  options: readonly { value: T; label: string }[];
  value: T;
  hint?: string;
  onChange: (value: T) => void;
};

/** One of a few, all of them in sight. */
export function Choice<T extends string>({ label, options, value, hint, onChange }: Props<T>) {
  const name = useId();
  return (
    <fieldset aria-describedby={hint ? `${name}-hint` : undefined}>
      <legend className="mb-1.5 font-medium text-sm">{label}</legend>
      <div className="flex rounded-lg bg-sunken p-1">
        {options.map((option) => (
          <label
            key={option.value}
            className="flex h-8 flex-1 cursor-pointer items-center justify-center rounded-md px-3 text-muted text-sm hover:text-ink has-checked:bg-raised has-checked:font-medium has-checked:text-ink has-checked:shadow-control has-focus-visible:outline-2 has-focus-visible:outline-focus pointer-coarse:h-11"
          >
            <input
              type="radio"
              name={name}
              className="sr-only"
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
      {hint ? (
        <p id={`${name}-hint`} className="mt-1.5 text-faint text-xs">
          {hint}
        </p>
      ) : null}
    </fieldset>
  );
}
