/**
 * The part of undici that our Lambdas use, put in the place of the whole package by `bundle.ts`: half its size, because
 * undici's own entry brings `fetch`, mocks, caches and proxies along. An import of anything else fails the bundling.
 * `undici-package` is undici's folder, a name that only `bundle.ts` knows.
 */
import request from 'undici-package/lib/api/api-request.js';
import errors from 'undici-package/lib/core/errors.js';
import Agent from 'undici-package/lib/dispatcher/agent.js';
import Dispatcher from 'undici-package/lib/dispatcher/dispatcher.js';
import Pool from 'undici-package/lib/dispatcher/pool.js';

Object.assign(Dispatcher.prototype, { request });

export { Agent, Dispatcher, errors, Pool };
