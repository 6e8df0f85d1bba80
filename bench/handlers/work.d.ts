export function echo(input: unknown): unknown;
export function spin(steps: number): number;
export function sum(numbers: readonly number[]): number;
