import Formats
import Foundation
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("Fashion-MNIST") struct FashionMNISTTests {
  @Test("Its images and classes are those that are known", arguments: [true, false])
  func known(_ isTraining: Bool) throws {
    let folder = try GoldenFiles.data("fashion-mnist")
    let images = try LabeledImages.fashionMNIST(folder: folder, isTraining: isTraining)
    let count = isTraining ? 60_000 : 10_000
    #expect(images.count == count && images.shape == [1, 28, 28])
    // As many of each class.
    for label in 0..<10 { #expect(images.labels.count { $0 == label } == count / 10) }
    #expect(Array(images.labels[..<5]) == (isTraining ? [9, 0, 0, 3, 0] : [9, 2, 1, 1, 6]))
    // The sums of all pixels, taken by numpy from Python's gzip of the same files.
    let part = isTraining ? "train" : "t10k"
    let bytes = Array(try Data(contentsOf: URL(filePath: "\(folder)/\(part)-images-idx3-ubyte.gz")))
    let array = try IDXFile(ByteView(copying: bytes)).array
    #expect(array.shape == [count, 28, 28] && array.type == .uint8)
    let sum = array.bytes.withUnsafeBytes { $0.reduce(0) { $0 + Int($1) } }
    #expect(sum == (isTraining ? 3_431_114_169 : 573_469_082))
    #expect(array.bytes.withUnsafeBytes { CRC32.of($0) } == (isTraining ? 0xAE65_DCCD : 0x1272_8439))
    let first = try images.element(at: 0, epoch: 0).image.floats
    let pixels = array.bytes.withUnsafeBytes { $0[..<784].map { Float($0) / 255 } }
    #expect(first == pixels)
  }
}
