import { ApiError } from "../api/client.ts";

/** The resource, or null where the API says that there is none: then the page is a 404. */
export async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** Makes Astro show the page for what does not exist. */
export function notFound(): Response {
  return new Response(null, { status: 404 });
}
