// A failure that one sentence explains, and the `main` that prints it without a stack.

export class Failure extends Error {}

export async function runMain(main) {
  try {
    process.exitCode = (await main()) || 0;
  } catch (error) {
    console.error(error instanceof Failure ? `error: ${error.message}` : error);
    process.exitCode = 1;
  }
}
