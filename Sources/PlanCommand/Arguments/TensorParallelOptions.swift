import ArgumentParser
import Costs
import Planner

/// A dense model whose layers several devices share.
struct TensorParallelOptions: ParsableArguments {
  @Argument(help: "A dense model: a name of the catalogue, a config.json, or a model's file or folder.")
  var model = "llama-3-70b"

  @Option(help: "A device by name.")
  var device = "h100"

  @Option(help: "Devices that share each layer.")
  var devices = 8

  /// The model's sizes.
  ///
  /// - Throws: `PlannerError`; what reading a file throws.
  var shape: TransformerShape {
    get throws { try ModelArgument.shape(model) }
  }

  /// The device.
  ///
  /// - Throws: `CostsError` for a name that is none.
  var found: Device {
    get throws { try DeviceCatalogue.published.device(device) }
  }
}
