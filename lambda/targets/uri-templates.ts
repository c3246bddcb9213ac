/**
 * Whether a URI may come from a template (RFC 6570), taking every expression for any text. Linear: the template is a server's
 * and the URI a caller's, so no regular expression is made of either.
 */
export const matchesTemplate = (template: string, uri: string): boolean => {
  const literals = template.split(/\{[^{}]*\}/);
  const first = literals[0] ?? '';
  const last = literals.at(-1) ?? '';
  if (literals.length === 1) return uri === template;
  if (uri.length < first.length + last.length || !uri.startsWith(first) || !uri.endsWith(last)) return false;
  let at = first.length;
  const end = uri.length - last.length;
  for (const literal of literals.slice(1, -1)) {
    const found = uri.indexOf(literal, at);
    if (found === -1 || found + literal.length > end) return false;
    at = found + literal.length;
  }
  return true;
};
