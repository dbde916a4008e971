import { z } from 'zod'
import type { Endpoint } from '../../api/endpoint.ts'
import { ENDPOINTS } from '../../api/endpoints.ts'
import { ProblemShape } from '../../api/words.ts'

type Schema = Record<string, unknown>

/** The OpenAPI 3.1 document of every endpoint, from the same shapes that check the calls. */
export function openApiDocument(version: string): Schema {
  const paths: Record<string, Schema> = {}
  for (const [name, shape] of Object.entries(ENDPOINTS) as [string, Endpoint][]) {
    const path = shape.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [shape.method.toLowerCase()]: operation(name, shape) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Warder',
      version,
      description:
        'Served on a Unix socket, after a mutual challenge-response. Errors are RFC 9457 problem details.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
  }
}

function operation(operationId: string, shape: Endpoint): Schema {
  const input = z.toJSONSchema(shape.input, { io: 'input', unrepresentable: 'any' }) as Schema
  const inPath = [...shape.path.matchAll(/:(\w+)/g)].map(([, name]) => name)
  const properties = (input['properties'] ?? {}) as Record<string, Schema>
  const required = (input['required'] ?? []) as string[]
  const parameters = Object.entries(properties)
    .filter(([name]) => shape.method !== 'POST' || inPath.includes(name))
    .map(([name, schema]) => ({
      name,
      in: inPath.includes(name) ? 'path' : 'query',
      required: inPath.includes(name) || required.includes(name),
      schema,
    }))
  const type = shape.stream === true ? 'application/x-ndjson' : 'application/json'
  return {
    operationId,
    summary: shape.about,
    'x-agents': shape.agents === true,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(shape.method === 'POST'
      ? { requestBody: { content: { 'application/json': { schema: input } } } }
      : {}),
    responses: {
      200: { description: 'done', content: { [type]: { schema: schemaOf(shape.output) } } },
      default: {
        description: 'refused or failed',
        content: { 'application/problem+json': { schema: schemaOf(ProblemShape) } },
      },
    },
  }
}

function schemaOf(type: z.ZodType): Schema {
  return z.toJSONSchema(type, { io: 'output', unrepresentable: 'any' }) as Schema
}
