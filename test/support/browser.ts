/** A browser as far as signing in needs one: cookies, redirects one by one, forms without JavaScript. `origin`: the provider's. */
export const createBrowser = (origin: string) => {
  const jar = new Map<string, { readonly value: string; readonly path: string }>();

  const visit = async (url: string, form?: Readonly<Record<string, string>>): Promise<Response> => {
    const { pathname } = new URL(url);
    const cookies = [...jar].filter(([, { path }]) => pathname.startsWith(path));
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: cookies.map(([name, { value }]) => `${name}=${value}`).join('; ') },
      ...(form !== undefined && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const [, path = '/'] = /; path=([^;]+)/i.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, { value, path });
    }
    return response;
  };

  /** Goes on until there is a page, or until a redirect leads away from the provider. */
  return async (start: string, form?: Readonly<Record<string, string>>) => {
    let url = start;
    let response = await visit(url, form);
    for (let hops = 0; hops < 10; hops++) {
      const location = response.headers.get('location');
      if (location === null) return { url, response, page: await response.text() };
      url = new URL(location, url).href;
      if (!url.startsWith(`${origin}/`)) return { url, response, page: '' };
      response = await visit(url);
    }
    throw new Error(`more than 10 redirects, the last to ${url}`);
  };
};

export type Browse = ReturnType<typeof createBrowser>;

/** Signs in and allows whatever is asked. Answers the last redirect, and the titles of the pages on the way. */
export const signInAs = async (user: string, start: string, browse: Browse) => {
  const titles: string[] = [];
  let at = await browse(start);
  while (at.page !== '' && titles.length < 4) {
    const title = /<h1>([^<]+)/.exec(at.page)?.[1] ?? '';
    titles.push(title);
    if (title !== 'Sign in' && title !== 'Allow access?') break;
    at = await browse(at.url, title === 'Sign in' ? { user } : { answer: 'allow' });
  }
  return { ...at, titles, query: new URL(at.url).searchParams };
};
