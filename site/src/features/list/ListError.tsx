import { CloudOff, SearchX, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import type { LoadError } from "./load.ts";
import type { ListState } from "./use-list.ts";

/** In place of rows that could not be fetched: what happened, and the way on. */
export function ListError<T>({ state, error }: { state: ListState<T>; error: LoadError }) {
  const refused = error.code === "invalid_query";
  const signedOut = error.code === "unauthenticated";
  return (
    <div role="alert">
      <EmptyState
        icon={<CloudOff aria-hidden="true" />}
        title={
          refused
            ? "This address asks for something the list does not know"
            : "The list could not be loaded"
        }
        action={
          refused ? (
            <ButtonLink href="?">Start over</ButtonLink>
          ) : signedOut ? (
            <ButtonLink href="/signin">Sign in again</ButtonLink>
          ) : (
            <Button onClick={() => void state.refresh()}>Try again</Button>
          )
        }
      >
        {refused && error.fields.length > 0 ? null : error.message}
        {error.fields.map((text) => (
          <span key={text} className="block">
            {text}
          </span>
        ))}
        {error.requestId ? (
          <span className="mt-1 block text-faint text-xs">Request {error.requestId}</span>
        ) : null}
      </EmptyState>
    </div>
  );
}

type EmptyProps<T> = { state: ListState<T>; noun: string; icon: ReactNode; first: ReactNode };

/** No rows: because nothing fits the filters, because the trash is empty, or because there are none yet. */
export function ListEmpty<T>({ state, noun, icon, first }: EmptyProps<T>) {
  const filters = [...state.params.keys()].filter((name) => name !== "sort" && name !== "deleted");
  if (filters.length > 0) {
    return (
      <EmptyState
        icon={<SearchX aria-hidden="true" />}
        title={`No ${noun} found`}
        action={
          <Button
            onClick={() => state.change(Object.fromEntries(filters.map((name) => [name, null])))}
          >
            Clear filters
          </Button>
        }
      >
        Nothing fits what you search and filter for.
      </EmptyState>
    );
  }
  if (state.params.has("deleted")) {
    return <EmptyState icon={<Trash2 aria-hidden="true" />} title="The trash is empty" />;
  }
  return (
    <EmptyState icon={icon} title={`No ${noun} yet`} action={first}>
      Everything you add appears here.
    </EmptyState>
  );
}
