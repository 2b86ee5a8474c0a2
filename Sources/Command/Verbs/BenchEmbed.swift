import ArgumentParser
import Profiling
import Venturi

/// Sentences to vectors.
package struct BenchEmbed: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "embed", abstract: "Sentence embeddings, from text to vectors.",
    discussion: """
      Peers: torch (sentence-transformers), onnxruntime. Each takes its best size of batches, of sentences sorted by length. \
      The vectors of every peer are compared with ours first.
      """)

  @Option(
    name: [.customShort("m"), .customLong("encoder")], help: "A model's folder, or the name of a pulled model.")
  package var encoder = "minilm"

  @Option(name: [.customShort("t"), .customLong("threads")], help: "Thread counts.")
  package var threads = CountList([KernelThreads.all])

  @Option(help: "How many sentences.")
  package var sentences = 1000

  @Option(help: "How products are computed.")
  package var compute: ComputeMode = .fast

  @OptionGroup(title: "Benchmark") package var bench: BenchOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    try threads.check("--threads", 1...1024)
    if !(1...1_000_000).contains(sentences) { throw ValidationError("--sentences \(sentences): from 1 to 1000000") }
  }

  package func run() throws {
    let texts = SampleText.embeddingTexts(sentences)
    let place = try TemporaryPlace()
    // The folder goes with it, and peers read the file to the end.
    defer { withExtendedLifetime(place) {} }
    let file = "\(place.path)/sentences.txt"
    try writeFileAtomically(file, Array((texts.joined(separator: "\n") + "\n").utf8))
    let catalogue = PeerCatalogue.installed
    let model = try ModelAccess.path(of: encoder)
    let operation = try EmbeddingCase(
      model: model, graph: "\(catalogue.home)/models/\(encoder).onnx", file: file, sentences: texts, compute: compute)
    let agreement = try agreement(operation, catalogue)
    for (name, cosine) in agreement {
      Output.note("\(name): cosine to ours at least \(cosine.least), \(cosine.mean) on average")
    }
    let cosines = agreement.map { name, cosine in
      JSON.Member(
        name, ["least": .rounded(cosine.least, digits: 8), "mean": .rounded(cosine.mean, digits: 8)])
    }
    try bench.measure(
      [operation], subject: "embed \(model)", threads: threads, output: output,
      findings: [JSON.Member("cosine", .object(cosines))])
  }

  /// How near the peers' vectors are to ours; a peer that takes no part is absent here too.
  private func agreement(
    _ operation: EmbeddingCase, _ catalogue: PeerCatalogue
  ) throws -> [(name: String, cosine: (least: Double, mean: Double))] {
    guard !bench.peers.isEmpty, let task = operation.task(threads: threads.values[0]) else { return [] }
    let field = try PeerField(bench.peers, task: task, catalogue: catalogue)
    let ours = try operation.vectors(Context(threads: threads.values[0]))
    let request = JSON.object(operation.request + [JSON.Member("values", true)])
    return try bench.peers.compactMap { name in
      guard let answer = try field.answer(of: name, to: request) else { return nil }
      return (name, try EmbeddingCase.agreement(ours, answer, of: name))
    }
  }
}
