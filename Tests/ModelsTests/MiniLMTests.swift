import Formats
import Foundation
import Models
import Tensors
import Testing
import VenturiTesting

/// all-MiniLM-L6-v2 with its real weights against sentence-transformers.
@Suite struct MiniLMTests {
  @Test(arguments: [ComputeMode.fast, .f32]) func embeddingsEqualTheReference(_ compute: ComputeMode) throws {
    let golden = try GoldenEmbeddings()
    #expect(golden.cases.count >= 64)
    let model = try ModelLoader.loadEncoder(
      Checkpoint(path: GoldenFiles.miniLM()), options: LoadOptions(compute: compute), context: Context(threads: 2))
    #expect(model.pooling == Pooling(.mean, normalizes: true) && model.description.contextLength == golden.limit)
    let vectors = try model.embed(golden.cases.map(\.ids), pooling: model.pooling) { false }
    #expect(vectors.shape == [golden.cases.count, golden.width])
    for (index, expected) in golden.cases.enumerated() {
      let found = Array(vectors.floats[index * golden.width..<(index + 1) * golden.width])
      let cosine = GoldenEmbeddings.cosine(found, expected.vector)
      #expect(cosine >= 0.9999, "\(expected.text.prefix(40)): \(cosine)")
    }
  }
}
