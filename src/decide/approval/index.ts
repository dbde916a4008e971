/**
 * Must a human say yes. While no approver can be reached the answer is no, at once: a request never hangs and an
 * absent answer never opens anything. This room trusts no program to answer in a human's place.
 */
export { refuseUnanswered } from './approval.ts'
