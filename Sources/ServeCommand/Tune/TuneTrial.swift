import ArgumentParser
import Console
import Formats
import Tuning

/// The process of a trial: it says that it is ready, and answers each line with one. Started by the searches alone.
package struct TuneTrial: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "trial", abstract: "Answers trials on standard input.", shouldDisplay: false)

  package init() {}

  package func run() async throws {
    Output.answer(TrialAnswer.greeting.line)
    while let line = readLine(strippingNewline: true) {
      if line.contains("\"op\":\"quit\"") { return }
      Output.answer(await TrialAnswer.answer(Array(line.utf8)).line)
    }
  }
}
