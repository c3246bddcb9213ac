import type { CompiledOpenApiTool } from '../compiled-mcp.ts';
import { argumentNames } from './argument-names.ts';
import type { Member, ReadBody } from './body.ts';
import type { Json } from './json.ts';
import type { ReadParameter } from './parameters.ts';
import type { OpenApiDocument } from './read-document.ts';
import { createSchemaWriter, type SchemaDetail, type SchemaWriter } from './schema-writer.ts';
import { cleanText } from './text.ts';

export interface Bound {
  readonly parameters: readonly { readonly argument: string; readonly read: ReadParameter }[];
  readonly members?: readonly { readonly argument: string; readonly member: Member }[];
  readonly whole?: { readonly argument: string; readonly body: ReadBody };
  readonly bodyRequired: boolean;
}

/** Gives every parameter and every part of the body the name of its argument. */
export const bind = (read: readonly ReadParameter[], body: ReadBody | undefined): Bound => {
  const members = body?.members;
  const wanted = read.map(({ binding }) => ({ in: binding.in, name: binding.name }));
  const isWhole = body !== undefined && members === undefined;
  const names = argumentNames(
    [...wanted, ...(members ?? []).map(({ name }) => ({ in: 'body', name }))],
    isWhole ? ['body'] : [],
  );
  return {
    parameters: read.map((one, index) => ({ argument: names[index] ?? '', read: one })),
    ...(members === undefined
      ? {}
      : { members: members.map((member, index) => ({ argument: names[read.length + index] ?? '', member })) }),
    ...(isWhole ? { whole: { argument: 'body', body } } : {}),
    bodyRequired: body?.required === true,
  };
};

export const compiledBody = (body: ReadBody, bound: Bound): NonNullable<CompiledOpenApiTool['body']> => ({
  contentType: body.contentType,
  required: body.required,
  ...(bound.whole === undefined ? {} : { argument: bound.whole.argument }),
  ...(bound.members === undefined
    ? {}
    : { members: Object.fromEntries(bound.members.map(({ argument, member }) => [argument, member.name])) }),
  ...(body.files.length === 0 ? {} : { files: body.files }),
  ...(Object.keys(body.styles).length === 0 ? {} : { styles: body.styles }),
});

/** The schema of a tool's arguments (O3, O4). */
export const writeInput = (
  bound: Bound,
  document: OpenApiDocument,
  inlineDepth: number | undefined,
  detail: SchemaDetail,
): Json => {
  const writer = createSchemaWriter(document, { direction: 'request', detail, inlineDepth });
  const properties = Object.fromEntries([
    ...bound.parameters.map(({ argument, read }) => [argument, writeParameter(writer, read)]),
    ...(bound.members ?? []).map(({ argument, member }) => [argument, writer.write(member.schema, member.at)]),
    ...(bound.whole === undefined ? [] : [[bound.whole.argument, writeWhole(writer, bound.whole.body)]]),
  ]);
  const required = [
    ...bound.parameters.filter(({ read }) => read.binding.required).map(({ argument }) => argument),
    // Members are required of a body that is: without one there is nothing that they could be required of.
    ...(bound.members ?? [])
      .filter(({ member }) => member.required && bound.bodyRequired)
      .map(({ argument }) => argument),
    ...(bound.whole !== undefined && bound.bodyRequired ? [bound.whole.argument] : []),
  ];
  const definitions = writer.definitions();
  return {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
  };
};

const writeParameter = (writer: SchemaWriter, { schema, at, description, examples }: ReadParameter): Json => {
  const written = writer.write(schema, at);
  return {
    ...written,
    ...(description === undefined || description.trim() === '' ? {} : { description: cleanText(description) }),
    ...(examples.length === 0 || written.examples !== undefined ? {} : { examples }),
  };
};

const writeWhole = (writer: SchemaWriter, { schema, at, description }: ReadBody): Json => {
  const written = writer.write(schema, at);
  return description === undefined || written.description !== undefined
    ? written
    : { ...written, description: cleanText(description) };
};
