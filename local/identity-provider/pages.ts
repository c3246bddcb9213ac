import { createHash } from 'node:crypto';
import type { DemoUser } from '../demo-users.ts';
import { SCOPES } from './scopes.ts';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }
ul { list-style: none; padding: 0; }
form.choices li { margin: .5rem 0; }
button { font: inherit; padding: .6rem 1rem; cursor: pointer; }
form.choices li button { width: 100%; text-align: left; }
button span { display: block; opacity: .8; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Nothing loads from anywhere. Forms lead to loopback only: browsers hold redirects after a form to `form-action` as well. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    "form-action 'self' http://127.0.0.1:* http://localhost:*",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

const page = (title: string, main: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · local identity provider</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${main}
</main>
</body>
</html>
`;

export const loginPage = (client: string, users: readonly DemoUser[]): string =>
  page(
    'Sign in',
    `<p><strong>${escapeHtml(client)}</strong> wants to know who you are. There are no passwords here: choose a demo user.</p>
<form method="post" class="choices" aria-label="Demo users">
<ul>
${users.map(userButton).join('\n')}
</ul>
</form>`,
  );

const userButton = (user: DemoUser): string => {
  const may = user.scopes.length === 0 ? 'no scopes' : user.scopes.join(', ');
  return `<li><button name="user" value="${escapeHtml(user.name)}">${escapeHtml(user.displayName)} (${escapeHtml(user.name)})
<span>${escapeHtml(user.login)}: ${escapeHtml(may)}</span></button></li>`;
};

export const consentPage = (client: string, user: DemoUser, scopes: readonly string[]): string =>
  page(
    'Allow access?',
    `<p><strong>${escapeHtml(client)}</strong> asks <strong>${escapeHtml(user.login)}</strong> to let it:</p>
<ul>
${scopes.map((scope) => `<li>${escapeHtml(SCOPES.get(scope)?.means ?? scope)} (<code>${escapeHtml(scope)}</code>)</li>`).join('\n')}
</ul>
<form method="post">
<button name="answer" value="allow">Allow access</button>
<button name="answer" value="deny">Do not allow</button>
</form>`,
  );

/** `form` comes from the library, whole and escaped; the buttons name it. */
export const logoutPage = (form: string): string =>
  page(
    'Sign out?',
    `${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button type="submit" form="op.logoutForm">Stay signed in</button>`,
  );

export const messagePage = (title: string, message: string): string => page(title, `<p>${escapeHtml(message)}</p>`);
