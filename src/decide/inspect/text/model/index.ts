/**
 * A small linear model of text that tells a machine what to do. It promises the same score for the same text, linear
 * time, and that a file which is not exactly what was trained is refused; it finds wordings like those it has seen and
 * no others, so it stands beside rules and never in place of the gate. It trusts nobody and reads nothing but the text.
 */
export { TEXT_MODEL_ERRORS, TextModelError } from './error.ts'
export { readShippedModel } from './file.ts'
export type { ModelHeader } from './format.ts'
export { loadModel, type LinearModel, type ModelScore } from './model.ts'
