import { SignatureV4 } from '@smithy/signature-v4';
import { AWS, type RuntimeCall } from './agents-gateway.ts';
import { Sha256 } from './sha256.ts';

export const signedHeadersOf = ({ headers }: RuntimeCall): string[] =>
  (/SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? '').split(';');

/** Whether the AWS SDK's own signer, given what arrived, comes to the signature that it came with. */
export const isSignedRight = async (call: RuntimeCall): Promise<boolean> => {
  const { method, headers, body } = call;
  const { pathname, searchParams } = new URL(call.path, 'http://runtime.example');
  const [, region = '', service = ''] =
    /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const names = signedHeadersOf(call);
  const signer = new SignatureV4({ credentials: AWS, region, service, sha256: Sha256, applyChecksum: false });
  const date = headers['x-amz-date']?.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const asked = {
    method,
    protocol: 'http:',
    hostname: headers.host?.split(':')[0] ?? '',
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries(names.map((name) => [name, headers[name] ?? ''])),
    body,
  };
  const expected = await signer.sign(asked, { signingDate: new Date(date ?? '') });
  return expected.headers.authorization === headers.authorization;
};
