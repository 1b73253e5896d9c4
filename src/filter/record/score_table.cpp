#include "filter/record/score_table.h"

namespace sana::filter {

const std::vector<ScoreKind>& score_table() {
  static const std::vector<ScoreKind> table = {
      {"seconds", "s", "Length of the shot."},
      {"short_side", "px", "Shorter side of the picture without its borders."},
      {"aspect", "", "Height / width of the picture without its borders."},
      {"fps", "frames/s", "Average frame rate."},
      {"motion", "px",
       "Mean optical flow between pictures 1/16 s apart, at 576x320: the scale of the public "
       "_unimatch score, usual bounds 1 to 30."},
      {"camera_motion", "", "Share of the motion that one movement of the camera explains."},
      {"luma_motion", "levels",
       "Mean absolute difference of blurred luma between pictures 1/16 s apart, as VMAF's motion."},
      {"freeze", "", "Share of the shot in which the picture stands still for 0.4 s or longer."},
      {"slideshow", "", "Share of the shot in still pictures that are suddenly replaced."},
      {"flicker", "levels", "How much the brightness of the whole picture flickers."},
      {"brightness", "levels", "Mean luma, 0 to 255."},
      {"contrast", "levels", "Standard deviation of luma."},
      {"black", "", "Share of black frames."},
      {"saturation", "levels", "Mean HSV saturation, 0 to 255."},
      {"colourfulness", "", "Hasler and Suesstrunk's M3; 0 grey, above 60 very colourful."},
      {"sharpness", "", "Variance of the Laplacian of the shrunk picture."},
      {"blur", "",
       "How little a low-pass filter changes the full-size picture; 0 sharp, 1 blurred."},
      {"border", "", "Share of the picture in uniform borders (letterbox, pillarbox)."},
      {"text", "", "Share of the picture covered by overlaid text, mean over the shot."},
      {"bit_rate", "kbit/s", "Bit rate of the video stream."},
      {"bits_per_pixel", "bit", "Bit rate by pixels and frames per second."},
      {"file_mib", "MiB", "Size of the file."},
      {"bit_depth", "bit", "Bits of each colour, as stored; all is read with 8."},
      {"hdr", "",
       "0 SDR, 1 BT.2020 colours only, 2 HLG, 3 PQ. All is read as SDR, and 1 to 3 look flat."},
      {"copy", "", "1 when a better copy of the shot is in the set, else 0."},
  };
  return table;
}

}  // namespace sana::filter
