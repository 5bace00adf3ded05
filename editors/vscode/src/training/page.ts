/** A page that came from elsewhere, made safe to show. */

/** The page with a rule that nothing may be fetched or run, whatever stands in it. */
export function sealed(page: string): string {
  const rule = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:">`;
  return page.includes("<head>") ? page.replace("<head>", `<head>${rule}`) : rule + page;
}
