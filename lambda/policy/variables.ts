import type { CelVariables } from '../../config/cel.ts';
import type { Call } from '../core/call.ts';

const NO_TOOL = { target: '', name: '', arguments: null, annotations: null };

/** What an expression sees of a surface that the call did not come through. */
const NOTHING = {
  llm: { model: '', provider: '', stream: false, route: '', surface: '' },
  mcp: { method: '', tool: NO_TOOL, resource: '', prompt: '' },
  agent: { name: '' },
};

/** The variables of a call; each app adds what its surface has. */
export const variablesOf = (
  { principal, request, route }: Call,
  surface: Partial<Pick<CelVariables, 'llm' | 'mcp' | 'agent'>>,
): CelVariables => ({
  ...NOTHING,
  principal: {
    id: principal.id,
    issuer: principal.issuer,
    sub: principal.sub,
    clientId: principal.clientId,
    scopes: principal.scopes,
    roles: principal.roles,
    groups: principal.groups,
    claims: principal.claims,
    actor: { sub: principal.actor?.sub ?? '', issuer: principal.actor?.issuer ?? '' },
  },
  request,
  route,
  ...surface,
});
