import { cva, type VariantProps } from "class-variance-authority";

/** The look of a button, for links that act like one and for `.astro` pages too. */
export const buttonStyle = cva(
  "inline-flex shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded-md transition-colors duration-100 disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        primary:
          "bg-accent text-accent-ink shadow-control enabled:hover:bg-accent-hover [a&]:hover:bg-accent-hover",
        secondary: "border border-line bg-surface text-ink shadow-control hover:bg-hover",
        ghost: "text-muted hover:bg-hover hover:text-ink",
        danger: "bg-danger text-danger-ink shadow-control hover:opacity-90",
      },
      size: {
        sm: "h-7 px-2 font-medium text-sm pointer-coarse:h-9",
        md: "h-8 px-3 font-medium text-sm pointer-coarse:h-10",
        lg: "h-9 px-4 font-medium text-base pointer-coarse:h-11",
        icon: "size-8 pointer-coarse:size-10",
        "icon-sm": "size-7 pointer-coarse:size-9",
        filter: "h-8 px-2.5 font-normal text-sm pointer-coarse:h-10",
      },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

export type ButtonStyle = VariantProps<typeof buttonStyle>;
