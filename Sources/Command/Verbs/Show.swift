import ArgumentParser
import Profiling
import Venturi

/// What is in a model.
package struct Show: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows what is in a model file: sizes, weight types, memory need.")

  @Argument(help: "The path of a model's file or folder, or the name of a pulled model.")
  package var model = "smollm2"

  @Flag(help: "List the metadata too.")
  package var metadata = false

  @Flag(help: "List the tensors too.")
  package var tensors = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let path = try ModelAccess.path(of: model)
    if path.hasSuffix(".onnx") { return try showONNX(path) }
    let checkpoint = try Checkpoint(path: path)
    let text = try checkpoint.reading {
      let report = try ShowReport(checkpoint)
      return output.json
        ? report.json(metadata: true, tensors: tensors).line : report.text(metadata: metadata, tensors: tensors)
    }
    Output.answer(text)
  }

  private func showONNX(_ path: String) throws {
    let storage = try Storage(mapping: path)
    let text = try storage.reading {
      let model = try ONNXModel(ByteView(storage.bytes, keeper: storage))
      let report = ONNXReport(path: path, model: model, fileBytes: storage.byteCount)
      return output.json ? report.json(tensors: tensors).line : report.text(tensors: tensors)
    }
    Output.answer(text)
  }
}
