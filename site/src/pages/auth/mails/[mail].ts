import type { APIRoute } from "astro";

const files = import.meta.glob<string>("../../../../../supabase/templates/*.html", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** Where Supabase Auth fetches what its mails say; the files hold nothing of anybody. */
export const GET: APIRoute = ({ params }) => {
  const [, text] = Object.entries(files).find(([file]) => file.endsWith(`/${params.mail}`)) ?? [];
  if (text === undefined) return new Response(null, { status: 404 });
  return new Response(text, {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "public, max-age=300",
    },
  });
};
