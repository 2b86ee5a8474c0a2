import Formats
import Profiling
import Tensors
import Testing
import VenturiTesting

@Suite("Steps of training as a benchmark")
struct TrainingCaseTests {
  @Test("The first losses are the same again, and another run's are at a distance")
  func losses() throws {
    let operation = TrainingCase(.mlp, weights: "")
    let (first, again) = (
      try TrainingAgreement.ours(operation, steps: 3, Context(threads: 1)),
      try TrainingAgreement.ours(operation, steps: 3, Context(threads: 2))
    )
    #expect(first.losses == again.losses && first.losses.count == 3)
    #expect(first.difference(to: again) == 0)
    // Ten classes of chance.
    #expect(abs(first.losses[0] - 2.3026) < 0.2)
    #expect(first.peakBytes.map { $0 > 8 << 20 } ?? true)
    let answer: JSON = ["losses": [2.0, 2.0, 2.0], "peakBytes": 7]
    let theirs = try TrainingAgreement(answer, of: "torch", steps: 3)
    #expect(first.difference(to: theirs) > 0.05 && theirs.peakBytes == 7)
    #expect(throws: ProfilingError.self) { try TrainingAgreement(answer, of: "torch", steps: 4) }
  }

  @Test("Peers are given the first weights by their names")
  func weights() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/mlp.safetensors"
    try TrainingCase(.mlp, weights: path).writeWeights(Context(threads: 1))
    let file = try SafetensorsFile(ByteView(copying: readWholeFile(path)))
    #expect(file.tensors.map(\.name).sorted().first == "layers.0.bias" && file.tensors.count == 6)
  }

  @Test("A peer's layouts of convolutions compete, and unknown peers are refused")
  func peers() throws {
    let cnn = PeerCatalogue.Task.training(model: "cnn")
    #expect(try PeerCatalogue.variants(of: "torch", for: cnn).count == 2)
    #expect(try PeerCatalogue.variants(of: "torch", for: .training(model: "gpt")).count == 1)
    #expect(try PeerCatalogue.variants(of: "torch-compile", for: cnn).count == 1)
    #expect(throws: ProfilingError.self) { try PeerCatalogue.variants(of: "numpy", for: cnn) }
  }
}
