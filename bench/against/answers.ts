export async function compareAnswers(
  commit: string,
  options: { readonly quick: boolean; readonly seed: string | undefined },
): Promise<void> {
  console.log(commit, options)
}
