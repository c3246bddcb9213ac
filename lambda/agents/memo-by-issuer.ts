const MAX_ISSUERS = 8;

/** One app for each name under which callers have this gateway, made when it is first called by it: those used last are kept. */
export const memoByIssuer = <App>(create: (issuer: string) => App): ((issuer: string) => App) => {
  const apps = new Map<string, App>();
  return (issuer) => {
    const app = apps.get(issuer) ?? create(issuer);
    apps.delete(issuer);
    apps.set(issuer, app);
    for (const oldest of apps.keys()) {
      if (apps.size <= MAX_ISSUERS) break;
      apps.delete(oldest);
    }
    return app;
  };
};
