import ArgumentParser
import CVenturi
import Profiling
import Venturi

/// What this machine is, what is installed, and what counts.
package struct Doctor: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Checks the machine and the installation; measures what the machine can do.")

  @Flag(help: "Measure the ceilings: arithmetic chains and memory reads. Takes some seconds.")
  package var measure = false

  @Flag(help: "Say where every setting comes from.")
  package var showOrigin = false

  @Option(name: [.customShort("t"), .customLong("threads")], help: "Thread counts to measure.")
  package var threads: CountList?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    try threads?.check("--threads", 1...1024)
  }

  package func run() throws {
    var ceilings: [JSON] = []
    if measure {
      let progress = ProgressBar("doctor")
      defer { progress.finish() }
      for count in threads?.values ?? Array(Set([1, KernelThreads.all])).sorted() {
        progress.show("measuring \(count) threads")
        ceilings.append(try Ceilings.measure(context: Context(threads: count)).json)
      }
    }
    let report = DoctorReport(ceilings: ceilings, settings: showOrigin ? try Settings.load().entries : nil)
    Output.answer(output.json ? report.json.line : report.text)
  }
}
