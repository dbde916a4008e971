import type { z } from 'zod'

/** Where an endpoint's input comes from: GET and DELETE read the query, POST a JSON body; `:name` parts of the path always count. */
export interface Endpoint<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: `/v1/${string}`
  readonly about: string
  /** Strict: an unknown field is refused. */
  readonly input: Input
  /** One value, or with `stream` one value a line (NDJSON). */
  readonly output: Output
  readonly stream?: boolean
  /** Whether the socket of an agent may call it; the gate still decides. */
  readonly agents?: boolean
}

/** An endpoint that keeps, in its type, whether it answers line by line. */
export type EndpointOf<I extends z.ZodType, O extends z.ZodType, S extends boolean> = Omit<
  Endpoint<I, O>,
  'stream'
> & {
  readonly stream?: S
}

export function endpoint<I extends z.ZodType, O extends z.ZodType, const S extends boolean = false>(
  shape: EndpointOf<I, O, S>,
): EndpointOf<I, O, S> {
  return shape
}
