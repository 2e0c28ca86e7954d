from model_files import model_file as model_file
